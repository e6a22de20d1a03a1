// SPDX-License-Identifier: Apache-2.0
#include <retrace/io/mixture_file.hpp>
#include <retrace/targets/checkerboard.hpp>
#include <retrace/targets/data_set.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/targets/funnel.hpp>
#include <retrace/targets/gaussian.hpp>
#include <retrace/targets/mixture_10.hpp>
#include <retrace/targets/mixture_50.hpp>
#include <retrace/targets/moons.hpp>
#include <retrace/targets/pinwheel.hpp>
#include <retrace/targets/registry.hpp>
#include <retrace/targets/rings.hpp>
#include <retrace/targets/spirals.hpp>
#include <retrace/targets/swiss_roll.hpp>
#include <retrace/targets/twenty_five_gaussians.hpp>

#include <filesystem>
#include <string>

namespace retrace {
namespace {

template <class T>
TargetEntry target() {
  return {{.name = std::string(T::info.name),
           .summary = std::string(T::info.summary),
           .paper = std::string(T::info.paper),
           .options = option_infos<T>(),
           .make = [](Spec const& spec) { return from_spec<T>(spec)(); }},
          T{}().dimension()};
}

}  // namespace

std::vector<TargetEntry> const& targets() {
  static std::vector<TargetEntry> const all{
      // in two dimensions
      target<swiss_roll>(),
      target<eight_gaussians>(),
      target<moons>(),
      target<checkerboard>(),
      target<rings>(),
      target<pinwheel>(),
      target<spirals>(),
      target<twenty_five_gaussians>(),
      // in more, or any number
      target<funnel>(),
      target<gaussian>(),
      target<mixture_10>(),
      target<mixture_50>(),
  };
  return all;
}

Target make_target(std::string_view text) {
  if (text.ends_with(".json")) return read_mixture(std::filesystem::path(text));
  Spec const spec = Spec::parse(text);
  if (spec.name == data_set::name) return from_spec<data_set>(spec)();
  return find_entry("target", spec.name, targets()).make(spec);
}

}  // namespace retrace
