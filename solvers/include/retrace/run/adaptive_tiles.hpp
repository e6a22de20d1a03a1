// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned.hpp>
#include <retrace/core/batch.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/models/angle_model.hpp>
#include <retrace/run/adaptive_result.hpp>
#include <retrace/run/interpret.hpp>
#include <retrace/run/lanes.hpp>
#include <retrace/run/step_control.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace retrace {

/// The model as a step program sees it: evaluation i of every lane is at an angle of its own, and
/// is multiplied by the lane's step.
template <class T, class Model>
struct StageModel {
  Model const& model;
  double const* c;           ///< [evaluation]
  int slope;                 ///< the evaluation that is not multiplied; -1 where all are
  std::uint32_t unweighted;  ///< evaluations that integrals do without (StepProgram)
  double const* angle;       ///< [lane], where the step starts
  double const* step;        ///< [lane]
  T *stage, *factor;         ///< [lane], room

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    bool const plain = e.level == slope;
    double const at = c[e.level];
    lanes.each_lane([&](int l) {
      stage[l] = static_cast<T>(angle[l] + at * step[l]);
      factor[l] = plain ? T(1) : static_cast<T>(step[l]);
    });
    if constexpr (requires { model.without_integrals(lanes, x, y, stage, factor, scratch); }) {
      if ((unweighted >> e.level & 1) != 0) {
        model.without_integrals(lanes, x, y, stage, factor, scratch);
        return;
      }
    }
    model(lanes, x, y, stage, factor, scratch);
  }
};

/// What a launch works on, and what it leaves for each sample.
template <class T>
struct AdaptiveTask {
  T* rows;  ///< [n][d], z at the start; z at the angle reached
  std::int64_t n;
  double from, to;  ///< angles
  T rtol, atol;
  int free_rows;  ///< the last rows of a state, which the error norm leaves out
  std::int32_t max_evaluations;
  double* angle;  ///< [n], reached
  std::int32_t *evaluations, *steps, *rejections;
  Outcome* outcomes;
  std::int64_t* lane_steps;  ///< [2]: attempts made by lanes with a sample, by all lanes
  double* taken = nullptr;   ///< [n][most_taken]: the angle at the end of each step
  int most_taken = 0;
};

/// The kernel: a tile's lanes each integrate a sample, one attempt at a step after the other, all
/// at once; a lane that is done takes the next sample of the tile's block. What a lane computes
/// depends on its own sample alone, so the results depend neither on the width of tiles nor on
/// blocks nor on which lane takes which sample.
template <class Exec, class Model, int L, class Isa>
struct AdaptiveTiles {
  using T = typename Model::value_type;
  using Policy = Kokkos::TeamPolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>>;
  using Member = typename Policy::member_type;
  static constexpr bool on_host = std::is_same_v<typename Exec::memory_space, Kokkos::HostSpace>;
  static constexpr int scratch_level = on_host ? 1 : 0;

  Model model;
  Code<T> const* code;
  int code_size, registers;
  std::uint16_t const* outputs;
  double const* c;
  int slope;
  std::uint32_t unweighted;
  double slope_error;
  int cost;  ///< evaluations of an attempt
  StepControl control;
  AdaptiveTask<T> task;
  int block;  ///< samples of a tile

  /// One sample on its way.
  struct Lane {
    std::int64_t sample;  ///< row; -1: none is left
    std::int32_t evaluations, steps, rejections;
    bool fresh;    ///< its attempt has no length, and finds the slope at the start
    bool growing;  ///< no rejection since the last step
    bool last;     ///< its attempt ends at the end
    double step;   ///< to try next
  };
  /// Where a tile keeps things.
  struct Room {
    T *file, *slopes, *scratch, *stage, *factor;
    T *error, *before;  ///< of the attempt, of the last step
    T* change;          ///< of the step to try next, by the control
    double *angle, *step;
    Lane* lane;
    int* next;
  };

  [[nodiscard]] KOKKOS_FUNCTION int rows() const {
    return Model::dimension_at_compile_time > 0 ? Model::dimension_at_compile_time
                                                : model.dimension();
  }
  [[nodiscard]] KOKKOS_FUNCTION std::size_t numbers() const {
    return static_cast<std::size_t>((registers + 1) * rows() * L) +
           static_cast<std::size_t>(model.scratch(L)) + 5 * L;
  }
  [[nodiscard]] KOKKOS_FUNCTION std::size_t scratch_bytes() const {
    return numbers() * sizeof(T) + 2 * L * sizeof(double) + L * sizeof(Lane) + sizeof(int) +
           2 * alignment;
  }

  KOKKOS_FUNCTION void operator()(Member const& team) const {
    if constexpr (on_host)
      run(HostLanes<T, Isa, L>{}, team);
    else
      run(TeamLanes<T, L, Member>{team}, team);
  }

  template <Lanes Walk>
  RETRACE_INLINE void run(Walk const& lanes, Member const& team) const {
    Room const room = place(team);
    std::int64_t const first = std::int64_t(team.league_rank()) * block;
    auto const count = static_cast<int>(first + block < task.n ? block : task.n - first);
    Kokkos::single(Kokkos::PerTeam(team), [&] { *room.next = 0; });
    lanes.barrier();
    NoiseSource<T> const no_noise{PhiloxKeys(0), 0};
    int live = 0;  // lanes of this thread
    lanes.each_lane([&](int l) { live += take(room, l, first, count) ? 1 : 0; });
    std::int64_t worked = 0, all = 0;
    while (live > 0) {
      if constexpr (on_host)
        if (interrupted() != 0) return;
      prepare(lanes, room);
      StageModel<T, Model> const stages{model,      c,         slope,      unweighted,
                                        room.angle, room.step, room.stage, room.factor};
      interpret<Model::dimension_at_compile_time>(lanes, stages, code, 0, code_size, rows(),
                                                  room.file, room.scratch, no_noise, 0, 0);
      measure(lanes, room);
      lanes.each_lane([&](int l) {
        ++all;
        if (room.lane[l].sample < 0) return;
        ++worked;
        if (!judge(room, l)) live -= take(room, l, first, count) ? 0 : 1;
      });
    }
    Kokkos::atomic_add(task.lane_steps, worked);
    Kokkos::atomic_add(task.lane_steps + 1, all);
    lanes.barrier();  // before the team's scratch serves another tile
  }

 private:
  [[nodiscard]] RETRACE_INLINE Room place(Member const& team) const {
    void* const raw =
        team.team_scratch(+scratch_level).get_shmem(static_cast<int>(scratch_bytes()));
    int const file = registers * rows() * L;
    Room room{};
    room.file = first_aligned<T>(raw);
    room.slopes = room.file + file;
    room.stage = room.slopes + rows() * L;
    room.factor = room.stage + L;
    room.error = room.factor + L;
    room.before = room.error + L;
    room.change = room.before + L;
    room.scratch = room.change + L;
    room.angle = first_aligned<double>(room.file + numbers());
    room.step = room.angle + L;
    room.lane = reinterpret_cast<Lane*>(room.step + L);
    room.next = reinterpret_cast<int*>(room.lane + L);
    return room;
  }

  /// Gives the lane its next sample; without one it stays where it does no harm.
  RETRACE_INLINE bool take(Room const& room, int l, std::int64_t first, int count) const {
    int const d = rows();
    Lane& lane = room.lane[l];
    lane = {};
    lane.sample = -1;
    room.angle[l] = task.from;
    room.before[l] = T(StepControl::smallest_error);
    int next = Kokkos::atomic_fetch_add(room.next, 1);
    for (; next < count; next = Kokkos::atomic_fetch_add(room.next, 1)) {
      T const* const row = task.rows + (first + next) * d;
      if (all_finite(d, [&](int i) { return row[i]; })) break;
      lane.sample = first + next;
      finish(room, l, Outcome::nonfinite);
    }
    lane.sample = next < count ? first + next : -1;
    for (int i = 0; i < d; ++i) {
      room.file[i * L + l] = next < count ? task.rows[lane.sample * d + i] : T(0);
      room.slopes[i * L + l] = T(0);
    }
    if (next >= count) return false;
    lane.fresh = slope >= 0;
    lane.growing = true;
    double const hundredth = task.to / 100 - task.from / 100, least = smallest(room.angle[l]);
    lane.step = Kokkos::abs(hundredth) > least ? hundredth : task.to > task.from ? least : -least;
    return true;
  }

  /// No step is smaller than what rounding of the angle makes of it.
  [[nodiscard]] RETRACE_INLINE double smallest(double angle) const {
    constexpr double rounding = sizeof(T) == 4 ? 16 * 0x1p-23 : 64 * 0x1p-52;
    double const left = Kokkos::abs(task.to - angle), here = Kokkos::abs(angle);
    return rounding * (here > left ? here : left);
  }

  /// The steps to try, and h times the slopes.
  template <Lanes Walk>
  RETRACE_INLINE void prepare(Walk const& lanes, Room const& room) const {
    using P = typename Walk::Pack;
    lanes.each_lane([&](int l) {
      Lane& lane = room.lane[l];
      double const left = task.to - room.angle[l];
      // No sliver is left for a step of its own.
      lane.last = 1.01 * Kokkos::abs(lane.step) >= Kokkos::abs(left);
      room.step[l] = lane.sample < 0 || lane.fresh ? 0 : lane.last ? left : lane.step;
      room.factor[l] = static_cast<T>(room.step[l]);
    });
    if (slope < 0) return;
    T* const increments = room.file + rows() * L;
    lanes.each([&](int l) {
      P const h = simd::load<P>(room.factor + l);
      for (int i = 0; i < rows(); ++i)
        simd::store(increments + i * L + l, h * simd::load<P>(room.slopes + i * L + l));
    });
  }

  [[nodiscard]] RETRACE_INLINE T const* output(Room const& room, int k) const {
    return room.file + outputs[k] * rows() * L;
  }

  /// max_i |error_i| / (atol + rtol max(|z_i|, |z'_i|)) over the rows under control; NaN where
  /// anything is not finite. And what that makes of the step.
  template <Lanes Walk>
  RETRACE_INLINE void measure(Walk const& lanes, Room const& room) const {
    using P = typename Walk::Pack;
    using simd::broadcast, simd::load, simd::fma, simd::max;
    T const *const end = output(room, 0), *const estimate = output(room, 1);
    T const* const handed_on = slope >= 0 ? output(room, 3) : end;
    P const zero = broadcast<P>(T(0)), weight = broadcast<P>(static_cast<T>(slope_error));
    lanes.each_lane([&](int l) { room.factor[l] = static_cast<T>(room.step[l]); });
    lanes.each([&](int l) {
      P const h = load<P>(room.factor + l) * weight;
      P largest = zero, trouble = zero;
      for (int i = 0; i < rows(); ++i) {
        // The sum is of all rows, the maximum of those under control.
        P const a = load<P>(room.file + i * L + l), b = load<P>(end + i * L + l);
        P const k = load<P>(handed_on + i * L + l);
        P const e =
            slope >= 0 ? fma(h, k, load<P>(estimate + i * L + l)) : load<P>(estimate + i * L + l);
        P const size = max(max(a, zero - a), max(b, zero - b));
        P const ratio =
            max(e, zero - e) / fma(broadcast<P>(task.rtol), size, broadcast<P>(task.atol));
        if (i < rows() - task.free_rows) largest = max(largest, ratio);
        trouble = trouble + zero_if_finite(b) + zero_if_finite(k) + zero_if_finite(e);
      }
      P const error = largest + trouble;
      simd::store(room.error + l, error);
      simd::store(room.change + l,
                  simd::select_less(broadcast<P>(T(1)), error, control.after_failure(error),
                                    control.after_success(error, load<P>(room.before + l))));
    });
  }

  /// Takes the attempt of a lane or not. False where the sample is done with.
  RETRACE_INLINE bool judge(Room const& room, int l) const {
    Lane& lane = room.lane[l];
    T const error = room.error[l];
    bool const finite = zero_if_finite(error) == 0;
    if (lane.fresh) {  // of its evaluations one is needed
      ++lane.evaluations;
      lane.fresh = false;
      if (!finite) return finish(room, l, Outcome::step_underflow);
      keep_slope(room, l);
    } else {
      lane.evaluations += cost;
      if (error <= 1) {  // false for NaN
        ++lane.steps;
        T const* const end = output(room, 0);
        for (int i = 0; i < rows(); ++i) room.file[i * L + l] = end[i * L + l];
        if (slope >= 0) keep_slope(room, l);
        room.angle[l] = lane.last ? task.to : room.angle[l] + room.step[l];
        if (lane.steps <= task.most_taken)
          task.taken[lane.sample * task.most_taken + lane.steps - 1] = room.angle[l];
        if (lane.last) return finish(room, l, Outcome::done);
        T const change = room.change[l];
        lane.step = room.step[l] * static_cast<double>(lane.growing || change < 1 ? change : T(1));
        room.before[l] = simd::max(error, T(StepControl::smallest_error));
        lane.growing = true;
      } else {
        ++lane.rejections;
        lane.step = room.step[l] *
                    (finite ? static_cast<double>(room.change[l]) : StepControl::after_nonfinite);
        lane.growing = false;
      }
      if (Kokkos::abs(lane.step) < smallest(room.angle[l]))
        return finish(room, l, Outcome::step_underflow);
    }
    if (lane.evaluations + cost > task.max_evaluations) return finish(room, l, Outcome::max_steps);
    return true;
  }

  RETRACE_INLINE void keep_slope(Room const& room, int l) const {
    T const* const handed_on = output(room, 3);
    for (int i = 0; i < rows(); ++i) room.slopes[i * L + l] = handed_on[i * L + l];
  }

  RETRACE_INLINE bool finish(Room const& room, int l, Outcome outcome) const {
    Lane const& lane = room.lane[l];
    std::int64_t const row = lane.sample;
    if (outcome != Outcome::nonfinite)
      for (int i = 0; i < rows(); ++i) task.rows[row * rows() + i] = room.file[i * L + l];
    task.angle[row] = room.angle[l];
    task.evaluations[row] = lane.evaluations;
    task.steps[row] = lane.steps;
    task.rejections[row] = lane.rejections;
    task.outcomes[row] = outcome;
    return false;
  }

 public:
  void launch(Exec const& exec, char const* label) const {
    auto const league = static_cast<int>((task.n + block - 1) / block);
    int const team = on_host ? 1 : L;
    Kokkos::parallel_for(label,
                         Policy(exec, league, team)
                             .set_scratch_size(scratch_level, Kokkos::PerTeam(scratch_bytes())),
                         *this);
  }
};

}  // namespace retrace
