// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/angle_model.hpp>
#include <retrace/models/tile_model.hpp>

#include <concepts>

namespace retrace {

/// What a tile model is asked for.
enum class Want { prediction, divergence };

/// A TileModel that knows the divergence of its native prediction m as well: with_divergence() does
/// what operator() does, to the bit, and writes div m(x) to `divergence`, [lane]. The divergence
/// is not multiplied by `e.out`. `y` may be `x`. Scratch is divergence_scratch(L).
template <class M, class L>
concept DivergenceTile = TileModel<M, L> &&
    requires(M const& m, L const& lanes, typename M::value_type const* x, typename M::value_type* y,
             Evaluation<typename M::value_type> const& e, typename M::value_type* divergence,
             typename M::value_type* scratch) {
  { m.divergence_scratch(L::lanes) } -> std::convertible_to<int>;
  m.with_divergence(lanes, x, y, e, divergence, scratch);
};

/// The same of an AngleModel: factor times the divergence of dz/dphi in z.
template <class M, class L>
concept AngleDivergenceModel = AngleModel<M, L> &&
    requires(M const& m, L const& lanes, typename M::value_type const* z, typename M::value_type* y,
             typename M::value_type const* angle, typename M::value_type const* factor,
             typename M::value_type* divergence, typename M::value_type* scratch) {
  { m.divergence_scratch(L::lanes) } -> std::convertible_to<int>;
  m.with_divergence(lanes, z, y, angle, factor, divergence, scratch);
};

}  // namespace retrace
