// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

#include <type_traits>

namespace retrace {

/// A CPU: one thread walks the L lanes of a tile in packs of an instruction set.
template <class T, class Isa, int L>
struct HostLanes {
  using Pack = simd::pack<T, Isa>;
  using NoisePack = simd::pack<float, Isa>;
  using value_type = T;
  static constexpr int lanes = L;
  static_assert(L % simd::width<NoisePack> == 0 && L % simd::width<Pack> == 0);

  template <class F>
  RETRACE_INLINE void flat(int rows, F const& f) const {
    for (int j = 0; j < rows * L; j += simd::width<Pack>) f(j);
  }
  template <class F>
  RETRACE_INLINE void each(F const& f) const {
    for (int l = 0; l < L; l += simd::width<Pack>) f(l);
  }
  template <class F>
  RETRACE_INLINE void each_noise(F const& f) const {
    for (int l = 0; l < L; l += simd::width<NoisePack>) f(l);
  }
  /// One lane at a time, for what is done once a run.
  template <class F>
  RETRACE_INLINE void each_lane(F const& f) const {
    for (int l = 0; l < L; ++l) f(l);
  }
  /// Scalars go one at a time: several would only wait for registers.
  template <int Most, class F>
  RETRACE_INLINE void each_group(F const& f) const {
    constexpr int width = simd::width<Pack>, all = L / width;
    constexpr int most = width == 1 ? 1 : Most, groups = (all + most - 1) / most;
    constexpr int larger = (all + groups - 1) / groups, smaller = all / groups;
    constexpr int many = all - groups * smaller;  // groups of the larger kind
    int l = 0;
    for (int i = 0; i < many; ++i, l += larger * width) f(std::integral_constant<int, larger>{}, l);
    for (int i = many; i < groups; ++i, l += smaller * width)
      f(std::integral_constant<int, smaller>{}, l);
  }
  static constexpr int own_step = simd::width<Pack>;
  [[nodiscard]] static RETRACE_INLINE int own(int) { return 0; }
  RETRACE_INLINE void barrier() const {}
};

/// A device: a team owns a tile, thread r lanes r, r + team size, ... The lanes of a thread are its
/// own as long as the team has no more threads than lanes; every thread then works on its own lanes
/// in every instruction, and none waits.
template <class T, int L, class Member>
struct TeamLanes {
  using Pack = T;
  using NoisePack = float;
  using value_type = T;
  static constexpr int lanes = L;
  Member const& team;

  template <class F>
  RETRACE_INLINE void flat(int rows, F const& f) const {
    for (int r = 0; r < rows; ++r)
      for (int l = team.team_rank(); l < L; l += team.team_size()) f(r * L + l);
  }
  template <class F>
  RETRACE_INLINE void each(F const& f) const {
    for (int l = team.team_rank(); l < L; l += team.team_size()) f(l);
  }
  template <class F>
  RETRACE_INLINE void each_noise(F const& f) const {
    each(f);
  }
  template <class F>
  RETRACE_INLINE void each_lane(F const& f) const {
    each(f);
  }
  template <int Most, class F>
  RETRACE_INLINE void each_group(F const& f) const {
    each([&](int l) { f(std::integral_constant<int, 1>{}, l); });
  }
  static constexpr int own_step = L;
  [[nodiscard]] static RETRACE_INLINE int own(int l) { return l; }
  RETRACE_INLINE void barrier() const { team.team_barrier(); }
};

}  // namespace retrace
