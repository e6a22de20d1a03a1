// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned.hpp>
#include <retrace/core/batch.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/run/interpret.hpp>
#include <retrace/run/lanes.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace retrace {

/// Where the registers of a tile live: in a team's scratch, for whole programs, or in memory, so
/// that a model that is no TileModel can run between instructions.
enum class Registers { scratch, memory };

/// Where the inputs of a range of instructions come from and its outputs go to.
enum class Transfer {
  none,   ///< they stay in registers (Registers::memory)
  rows,   ///< one value, the samples themselves, [row][component]
  carry,  ///< several values, between the segments of a long run, [value][tile][component][lane]
};

/// What a launch works on.
template <class T>
struct Tiles {
  T* rows;  ///< [n][d], inputs and outputs of the run
  std::int64_t n;
  T* carry = nullptr;   ///< see Transfer::carry
  T* memory = nullptr;  ///< registers, where they live in memory: [tile][register][component][lane]
};

/// The kernel: every tile runs instructions [from, to) of a program before the next one starts. One
/// kernel for each model, precision and dimension case, whatever the samplers.
template <class Exec, class Model, int L, class Isa, Registers place>
struct Trajectories {
  using T = typename Model::value_type;
  using Policy = Kokkos::TeamPolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>>;
  using Member = typename Policy::member_type;
  static constexpr bool on_host = std::is_same_v<typename Exec::memory_space, Kokkos::HostSpace>;
  static constexpr int scratch_level = on_host ? 1 : 0;

  Model model;
  Code<T> const* code;
  int from, to;
  int registers;
  std::uint16_t const* outputs;  ///< registers of the outputs; inputs are in registers 0, 1, ...
  int inputs_count, outputs_count;
  Transfer in, out;
  NoiseSource<T> noise;
  Tiles<T> tiles;
  std::int64_t*
      nonfinite;  ///< number of samples with a value that is not finite, added up by Transfer::rows

  [[nodiscard]] KOKKOS_FUNCTION int rows() const {
    return Model::dimension_at_compile_time > 0 ? Model::dimension_at_compile_time
                                                : model.dimension();
  }
  [[nodiscard]] KOKKOS_FUNCTION std::size_t words() const {
    return static_cast<std::size_t>(registers) * static_cast<std::size_t>(rows() * L);
  }
  [[nodiscard]] KOKKOS_FUNCTION std::size_t scratch_bytes() const {
    std::size_t const held = place == Registers::scratch ? words() : 0;
    return (held + static_cast<std::size_t>(model.scratch(L))) * sizeof(T) + alignment;
  }

  KOKKOS_FUNCTION void operator()(Member const& team) const {
    if constexpr (on_host) {
      if (interrupted() != 0) return;
      run_tile<scratch_level>(HostLanes<T, Isa, L>{}, team);
    } else {
      run_tile<scratch_level>(TeamLanes<T, L, Member>{team}, team);
    }
  }

  /// The same where a device's fast scratch is too small: that of wide networks is in its memory.
  struct InMemory {
    Trajectories of;
    KOKKOS_FUNCTION void operator()(Member const& team) const {
      of.template run_tile<1>(TeamLanes<T, L, Member>{team}, team);
    }
  };

  template <int level, Lanes Walk>
  RETRACE_INLINE void run_tile(Walk const& lanes, Member const& team) const {
    void* const raw = team.team_scratch(+level).get_shmem(static_cast<int>(scratch_bytes()));
    T* const base = first_aligned<T>(raw);
    std::int64_t const tile = team.league_rank();
    T* const file = place == Registers::memory ? tiles.memory + tile * std::int64_t(words()) : base;
    T* const scratch = place == Registers::memory ? base : base + words();
    load(lanes, file, tile);
    interpret<Model::dimension_at_compile_time>(lanes, model, code, from, to, rows(), file, scratch,
                                                noise, tile * L, tiles.n);
    save(lanes, file, tile);
    lanes.barrier();  // before the team's scratch serves another tile
  }

  [[nodiscard]] KOKKOS_FUNCTION T* carried(int value, std::int64_t tile) const {
    return tiles.carry + (value * ((tiles.n + L - 1) / L) + tile) * std::int64_t(rows() * L);
  }

  template <Lanes Walk>
  RETRACE_INLINE void load(Walk const& lanes, T* file, std::int64_t tile) const {
    int const d = rows();
    if (in == Transfer::rows) {
      copy(lanes, tile, [&](int l, int live) {
        T* KOKKOS_RESTRICT const lane = file + l;
        T const* KOKKOS_RESTRICT const from_row = tiles.rows + (tile * L + l) * d;
        for (int c = 0; c < d; ++c) lane[c * L] = l < live ? from_row[c] : T(0);
      });
    } else if (in == Transfer::carry) {
      for (int v = 0; v < inputs_count; ++v) {
        T const* const kept = carried(v, tile);
        lanes.each_lane([&](int l) {
          for (int c = 0; c < d; ++c) file[(v * d + c) * L + l] = kept[c * L + l];
        });
      }
    }
  }

  template <Lanes Walk>
  RETRACE_INLINE void save(Walk const& lanes, T const* file, std::int64_t tile) const {
    int const d = rows();
    if (out == Transfer::rows) {
      T const* const result = file + outputs[0] * d * L;
      copy(lanes, tile, [&](int l, int live) {
        if (l >= live) return;
        T const* KOKKOS_RESTRICT const from_lane = result + l;
        T* KOKKOS_RESTRICT const row = tiles.rows + (tile * L + l) * d;
        for (int c = 0; c < d; ++c) row[c] = from_lane[c * L];
      });
      count_nonfinite(lanes, result, tile);
    } else if (out == Transfer::carry) {
      for (int v = 0; v < outputs_count; ++v) {
        T const* const value = file + outputs[v] * d * L;
        T* const kept = carried(v, tile);
        lanes.each_lane([&](int l) {
          for (int c = 0; c < d; ++c) kept[c * L + l] = value[c * L + l];
        });
      }
    }
  }

  /// f(lane, live lanes) for every lane. Tiles full of samples, all but the last, go through a loop
  /// without a test in it, which the compiler turns into shuffles.
  template <Lanes Walk, class F>
  RETRACE_INLINE void copy(Walk const& lanes, std::int64_t tile, F const& f) const {
    if ((tile + 1) * L <= tiles.n)
      lanes.each_lane([&](int l) { f(l, L); });
    else
      lanes.each_lane([&](int l) { f(l, static_cast<int>(tiles.n - tile * L)); });
  }

  /// Samples are counted one by one only in a tile that has a bad one (lanes beyond the last sample
  /// may be bad as well).
  template <Lanes Walk>
  RETRACE_INLINE void count_nonfinite(Walk const& lanes, T const* result, std::int64_t tile) const {
    using P = typename Walk::Pack;
    P sum = simd::broadcast<P>(T(0));
    lanes.flat(rows(), [&](int j) { sum = sum + zero_if_finite(simd::load<P>(result + j)); });
    if (simd::sum_of(sum) == T(0)) return;
    std::int64_t bad = 0;
    lanes.each_lane([&](int l) {
      if (tile * L + l >= tiles.n) return;
      bad += all_finite(rows(), [&](int c) { return result[c * L + l]; }) ? 0 : 1;
    });
    if (bad > 0) Kokkos::atomic_add(nonfinite, bad);
  }

  void launch(Exec const& exec, char const* label) const {
    Policy const policy(exec, static_cast<int>((tiles.n + L - 1) / L), on_host ? 1 : L);
    auto const with_scratch = [&](int level) {
      return Policy(policy).set_scratch_size(level, Kokkos::PerTeam(scratch_bytes()));
    };
    if constexpr (!on_host && Model::dimension_at_compile_time == 0) {
      if (scratch_bytes() > static_cast<std::size_t>(Policy::scratch_size_max(scratch_level))) {
        Kokkos::parallel_for(label, with_scratch(1), InMemory{*this});
        return;
      }
    }
    Kokkos::parallel_for(label, with_scratch(scratch_level), *this);
  }
};

}  // namespace retrace
