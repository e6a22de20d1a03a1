// SPDX-License-Identifier: Apache-2.0
#include <retrace/sde/cosine.hpp>
#include <retrace/sde/edm.hpp>
#include <retrace/sde/edm_grid.hpp>
#include <retrace/sde/karras.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/quadratic.hpp>
#include <retrace/sde/rectified_flow.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/sub_vp.hpp>
#include <retrace/sde/uniform.hpp>
#include <retrace/sde/ve.hpp>
#include <retrace/sde/vp.hpp>

#include <string>

namespace retrace {
namespace {

template <class Made, class T>
Entry<Made> entry() {
  return {.name = std::string(T::info.name),
          .summary = std::string(T::info.summary),
          .paper = std::string(T::info.paper),
          .options = option_infos<T>(),
          .make = [](Spec const& spec) -> Made { return from_spec<T>(spec); }};
}

template <class Made>
Made make(std::string_view what, std::string_view text, std::vector<Entry<Made>> const& entries) {
  Spec const spec = Spec::parse(text);
  return find_entry(what, spec.name, entries).make(spec);
}

}  // namespace

std::vector<Entry<Sde>> const& sdes() {
  static std::vector<Entry<Sde>> const entries{
      entry<Sde, vp>(),      //
      entry<Sde, ve>(),      //
      entry<Sde, sub_vp>(),  //
      entry<Sde, edm>(),     //
      entry<Sde, cosine>(),  //
      entry<Sde, rectified_flow>(),
  };
  return entries;
}

std::vector<Entry<GridRule>> const& grid_rules() {
  static std::vector<Entry<GridRule>> const entries{
      entry<GridRule, grids::uniform>(),    //
      entry<GridRule, grids::quadratic>(),  //
      entry<GridRule, grids::log_snr>(),    //
      entry<GridRule, grids::karras>(),     //
      entry<GridRule, grids::edm>(),
  };
  return entries;
}

Sde make_sde(std::string_view spec) { return make("SDE", spec, sdes()); }

Grid make_grid(std::string_view spec, Sde const& sde, std::int64_t steps, Span span) {
  return make("grid", spec, grid_rules())(sde, steps, span);
}

}  // namespace retrace
