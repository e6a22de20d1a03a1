// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/core/simd.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

namespace retrace {

/// One evaluation of a model on a tile: y = skip x + out m(x), m being the model's native
/// prediction at noise level number `level` of the tables it was prepared with. The conversion to
/// what the sampler asked for is in the factors.
template <class T>
struct Evaluation {
  int level;
  int condition;  ///< class or conditioning number; 0 where a model has none
  T skip, out;
};

/// How a kernel walks a tile of L samples. Tiles are feature-major, [row][lane], 64-byte aligned on
/// a CPU.
///   Pack       what one walk position holds (a vector register, or one number on a device)
///   value_type float or double
///   lanes      L
///   each(f)    f(l) for every pack of lanes that this thread owns
///   flat(r, f) f(j) for every pack of r rows of lanes, j = row * L + lane
///   each_group<N>(f)  f(n, l) for groups of n <= N neighbouring packs of this thread, nearly equal
///              ones; n is a std::integral_constant
///   own(l), own_step  for what a thread keeps of a pack or group while it works on it: in rows of
///   n
///              packs, pack s of row r is at own(l) + (r * n + s) * own_step
template <class L>
concept Lanes = requires {
  typename L::Pack;
  typename L::value_type;
  { L::lanes } -> std::convertible_to<int>;
};

/// A score model inside the fused kernel: a small trivially copyable object with its tables behind
/// pointers or Views. `y` may be `x`. `scratch` holds scratch(L) numbers of its own for every tile.
/// dimension_at_compile_time is 0 where the dimension is known at run time only.
template <class M, class L>
concept TileModel = std::is_trivially_copyable_v<M> && Lanes<L> &&
    requires(M const& m, L const& lanes, typename M::value_type const* x, typename M::value_type* y,
             Evaluation<typename M::value_type> const& e, typename M::value_type* scratch) {
  { M::dimension_at_compile_time } -> std::convertible_to<int>;
  { m.dimension() } -> std::convertible_to<int>;
  { m.scratch(L::lanes) } -> std::convertible_to<int>;
  m(lanes, x, y, e, scratch);
};

/// The host side of a fused model: turns the levels of a program into the tables of a TileModel.
///   prediction               what it returns natively, a member, of the class or not
///   dimension()
///   bytes_per_level<T>()     so that programs are cut into segments whose tables stay small
///   prepare<T, Dim, Exec>(e, levels)   something with a member `tile`, a TileModel, that keeps its
///   tables alive; Dim is
///                            the dimension at compile time or 0
template <class S>
concept TileModelSource = requires(S const& s) {
  { s.prediction } -> std::convertible_to<Prediction>;
  { s.dimension() } -> std::convertible_to<int>;
  { s.template bytes_per_level<float>() } -> std::convertible_to<std::size_t>;
};

}  // namespace retrace
