// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/tile_model.hpp>

#include <concepts>
#include <type_traits>

namespace retrace {

/// The probability flow inside a kernel where every lane has a noise level of its own, for steps
/// that adapt: y = factor dz/dphi at z and angle phi, each lane's own (sde/angle.hpp; alpha = cos
/// phi, sigma = sin phi). Otherwise as a TileModel. `y` may be `z`.
template <class M, class L>
concept AngleModel = std::is_trivially_copyable_v<M> && Lanes<L> &&
    requires(M const& m, L const& lanes, typename M::value_type const* z, typename M::value_type* y,
             typename M::value_type const* angle, typename M::value_type const* factor,
             typename M::value_type* scratch) {
  { M::dimension_at_compile_time } -> std::convertible_to<int>;
  { m.dimension() } -> std::convertible_to<int>;
  { m.scratch(L::lanes) } -> std::convertible_to<int>;
  m(lanes, z, y, angle, factor, scratch);
};

/// The host side:
///   dimension()
///   prepare<T, Dim, Exec>(e)   something with a member `tile`, an AngleModel, that keeps its
///   tables alive
template <class S>
concept AngleModelSource = requires(S const& s) {
  { s.dimension() } -> std::convertible_to<int>;
};

}  // namespace retrace
