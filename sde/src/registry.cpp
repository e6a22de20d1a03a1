// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/sde/cosine.hpp>
#include <retrace/sde/ddpm.hpp>
#include <retrace/sde/edm.hpp>
#include <retrace/sde/edm_grid.hpp>
#include <retrace/sde/karras.hpp>
#include <retrace/sde/leading.hpp>
#include <retrace/sde/linspace.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/quadratic.hpp>
#include <retrace/sde/rectified_flow.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/respaced.hpp>
#include <retrace/sde/sub_vp.hpp>
#include <retrace/sde/trailing.hpp>
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

template <class T>
GridEntry grid_entry() {
  return {entry<GridRule, T>(), T::info.time};
}

std::string names_of_rules(Time time) {
  std::string names;
  for (GridEntry const& entry : grid_rules())
    if (entry.time == time) names += (names.empty() ? "" : ", ") + entry.name;
  return names;
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
      entry<Sde, ddpm>(),
  };
  return entries;
}

std::vector<GridEntry> const& grid_rules() {
  static std::vector<GridEntry> const entries{
      grid_entry<grids::uniform>(),    //
      grid_entry<grids::quadratic>(),  //
      grid_entry<grids::log_snr>(),    //
      grid_entry<grids::karras>(),     //
      grid_entry<grids::edm>(),        //
      grid_entry<grids::leading>(),    //
      grid_entry<grids::trailing>(),   //
      grid_entry<grids::linspace>(),   //
      grid_entry<grids::respaced>(),
  };
  return entries;
}

Sde make_sde(std::string_view spec) {
  Spec const parsed = Spec::parse(spec);
  return find_entry("SDE", parsed.name, sdes()).make(parsed);
}

Grid make_grid(std::string_view spec, Sde const& sde, std::int64_t steps, Span span) {
  Spec const parsed = Spec::parse(spec);
  GridEntry const& entry = find_entry("grid", parsed.name, grid_rules());
  GridRule const rule = entry.make(parsed);
  Time const time = sde.is_discrete() ? Time::indices : Time::continuous;
  if (entry.time != time)
    throw Error(
        Fault::argument,
        "grid " + retrace::quoted(entry.name) + " does not fit sde " + retrace::quoted(sde.name()),
        sde.is_discrete() ? "its times are indices" : "it is made of a chain's indices",
        "take one of " + names_of_rules(time));
  return rule(sde, steps, span);
}

}  // namespace retrace
