// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/finite.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/run/check_samples.hpp>
#include <retrace/run/sample.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace retrace {
namespace {

constexpr std::size_t reported_samples = 8;  // searching costs a dozen runs of one sample each
constexpr std::int64_t progress_parts = 50;

/// One call of sample(): its pieces share the inputs.
template <class T>
class Run {
 public:
  Run(Executor<T>& executor, Start<T> const& start, AnySampler const& sampler, Grid const& grid,
      SampleOptions<T> const& options)
      : executor_(executor), start_(start), sampler_(sampler), grid_(grid), options_(options) {}

  Samples<T> operator()() {
    check();
    auto const begin = std::chrono::steady_clock::now();
    auto const n = static_cast<std::size_t>(options_.samples);
    auto const d = static_cast<std::size_t>(executor_.dimension());
    Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> x(
        Kokkos::view_alloc(Kokkos::WithoutInitializing, "retrace::samples"), n, d);
    copy_noise();
    result_.steps = sampler_.steps(grid_);
    result_.seed = options_.seed;
    if (n == 0) {
      Cost const counted = cost(sampler_, grid_, executor_.prediction(), options_.last_noise);
      result_.evaluations = counted.evaluations;
      result_.draws = counted.draws;
    }
    for (std::int64_t row = 0; row < options_.samples;) row += run_part(x, row);
    result_.x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, x);
    find_nonfinite();
    result_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(result_);
  }

 private:
  void check() const {
    check_samples(options_.samples, executor_.dimension(), sizeof(T));
    if (options_.noise) check_noise();
  }

  void check_noise() const {
    if (options_.draws == Draws::path)
      throw Error(Fault::argument, "given noise does not go with a Brownian path",
                  "the path makes the normals of the steps itself");
    std::int64_t const needed =
        cost(sampler_, grid_, executor_.prediction(), options_.last_noise).draws;
    GivenNoise<T> const& noise = *options_.noise;
    if (noise.draws < needed)
      throw Error(Fault::argument, "the noise has " + std::to_string(noise.draws) + " draws",
                  "this run needs " + std::to_string(needed));
    if (noise.values.size() !=
        saturated_product({noise.draws, options_.samples, executor_.dimension()}))
      throw Error(Fault::argument, "the noise has another shape than the samples",
                  "it must be [draws, samples, dimension]");
  }

  void copy_noise() {
    if (!options_.noise) return;
    noise_ = Kokkos::View<T*, Execution::memory_space>(
        Kokkos::view_alloc(Kokkos::WithoutInitializing, "retrace::given_noise"),
        options_.noise->values.size());
    Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const given(
        options_.noise->values.data(), options_.noise->values.size());
    Kokkos::deep_copy(noise_, given);
  }

  [[nodiscard]] NoiseSource<T> noise_at(std::int64_t row) const {
    return {.keys = PhiloxKeys(options_.seed),
            .first_sample = options_.first_sample + static_cast<std::uint64_t>(row),
            .given = options_.noise ? noise_.data() + row * executor_.dimension() : nullptr,
            .stride = options_.samples};
  }

  [[nodiscard]] Segmentation segmentation(std::function<void(Program&&)> take) const {
    constexpr std::size_t code_bytes =
        8 * sizeof(Instruction);  // of a step, on the host and lowered
    std::size_t const bytes = executor_.bytes_per_level() + code_bytes;
    return {.evaluations = std::max<std::int64_t>(
                1, static_cast<std::int64_t>(options_.segment_bytes / bytes)),
            .take = std::move(take)};
  }

  /// Traces the sampler and gives every segment to `run`, in order.
  template <class F>
  void each_segment(F const& run) const {
    Program const last =
        trace(sampler_, grid_, executor_.prediction(), options_.last_noise,
              segmentation([&](Program&& program) { run(program); }), options_.draws);
    run(last);
  }

  /// How many samples go through a program together: all of them, or so many that what is carried
  /// from one segment to the next stays small; fewer where somebody watches.
  [[nodiscard]] std::int64_t part_size(Program const& first, std::int64_t left) const {
    std::int64_t size = left;
    if (first.part == Program::Part::more) {
      std::size_t const bytes =
          (first.outputs.size() + 1) * static_cast<std::size_t>(executor_.dimension()) * sizeof(T);
      size = static_cast<std::int64_t>(options_.segment_bytes / bytes);
    }
    if (options_.progress)
      size = std::min(size, std::max<std::int64_t>(4096, options_.samples / progress_parts));
    constexpr std::int64_t whole_tiles = 256;
    return size >= left ? left
                        : std::min(left, std::max(size / whole_tiles * whole_tiles, whole_tiles));
  }

  template <class View>
  std::int64_t run_part(View const& x, std::int64_t row) {
    Segment<T> segment;
    Cost counted;
    bool first = true;
    each_segment([&](Program const& program) {
      if (first) {
        auto const rows = static_cast<std::size_t>(part_size(program, options_.samples - row));
        segment.x = Batch<T>(x.data() + row * executor_.dimension(), rows, x.extent(1));
        segment.noise = noise_at(row);
        start_(segment.noise.first_sample, segment.x);
      }
      segment.in = first ? Transfer::rows : Transfer::carry;
      segment.out = program.part == Program::Part::last ? Transfer::rows : Transfer::carry;
      segment.evaluations_before = counted.evaluations;
      result_.nonfinite += executor_.run(program, segment);
      counted.add(program);
      first = false;
    });
    for (NonFiniteSample const& found : executor_.seen()) result_.where.push_back(found);
    result_.evaluations = counted.evaluations;
    result_.draws = counted.draws;
    auto const rows = static_cast<std::int64_t>(segment.x.extent(0));
    if (options_.progress) options_.progress(row + rows, options_.samples);
    return rows;
  }

  /// Bad samples that the executor has not seen itself are run again, alone, to see where they went
  /// wrong.
  void find_nonfinite() {
    auto const by_sample = [](NonFiniteSample const& a, NonFiniteSample const& b) {
      return a.sample < b.sample;
    };
    std::sort(result_.where.begin(), result_.where.end(), by_sample);
    for (std::int64_t row = 0;
         row < options_.samples && result_.nonfinite > 0 && result_.where.size() < reported_samples;
         ++row) {
      if (all_finite(executor_.dimension(), [&](int c) { return result_.x(row, c); })) continue;
      auto const number = static_cast<std::int64_t>(options_.first_sample) + row;
      NonFiniteSample const wanted{number, 0, 0};
      if (!std::binary_search(result_.where.begin(), result_.where.end(), wanted, by_sample)) {
        result_.where.push_back(search(row));
        std::sort(result_.where.begin(), result_.where.end(), by_sample);
      }
    }
    if (result_.where.size() > reported_samples) result_.where.resize(reported_samples);
  }

  [[nodiscard]] NonFiniteSample search(std::int64_t row) {
    Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> const x(
        "retrace::one_sample", 1, static_cast<std::size_t>(executor_.dimension()));
    Segment<T> segment{.x = x, .noise = noise_at(row)};
    NonFiniteSample found{static_cast<std::int64_t>(segment.noise.first_sample), -1,
                          std::numeric_limits<double>::quiet_NaN()};
    bool searching = true;
    start_(segment.noise.first_sample, segment.x);
    each_segment([&](Program const& program) {
      if (!searching) return;
      std::int64_t const bad = first_bad(program, segment);
      if (bad < static_cast<std::int64_t>(program.code.size())) {
        searching = false;
        for (std::int64_t k = 0; k <= bad; ++k)
          if (Instruction const& i = program.code[static_cast<std::size_t>(k)]; i.op == Op::eval) {
            found.evaluation = segment.evaluations_before + i.level;
            found.t = program.levels[static_cast<std::size_t>(i.level)].t();
          }
        return;
      }
      segment.out = program.part == Program::Part::last ? Transfer::rows : Transfer::carry;
      executor_.run(program, segment);
      segment.in = Transfer::carry;
      segment.evaluations_before += program.evaluations();
    });
    return found;
  }

  /// The first instruction whose result is not finite: once a state is bad, all that follows is, so
  /// it can be bisected with programs that end early.
  std::int64_t first_bad(Program const& program, Segment<T> const& segment) {
    Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> const x("retrace::one_sample",
                                                                            1, segment.x.extent(1));
    std::int64_t good = -1, bad = static_cast<std::int64_t>(program.code.size());
    while (bad - good > 1) {
      std::int64_t const middle = good + (bad - good) / 2;
      // A draw says nothing of the state: the instruction before it is asked, where it is an open
      // question.
      auto const op = program.code[static_cast<std::size_t>(middle)].op;
      std::int64_t const last = op == Op::normal && middle > good + 1 ? middle - 1 : middle;
      Program part = program;
      part.code.resize(static_cast<std::size_t>(last + 1));
      part.outputs = {part.code.back().result[0]};
      Segment<T> alone = segment;
      alone.x = x;
      alone.out = Transfer::rows;
      Kokkos::deep_copy(x, segment.x);
      if (executor_.run(part, alone) > 0)
        bad = last;
      else
        good = middle;
    }
    return bad;
  }

  Executor<T>& executor_;
  Start<T> const& start_;
  AnySampler const& sampler_;
  Grid const& grid_;
  SampleOptions<T> const& options_;
  Kokkos::View<T*, Execution::memory_space> noise_;
  Samples<T> result_;
};

}  // namespace

template <class T>
Samples<T> sample(Executor<T>& executor, Start<T> const& start, AnySampler const& sampler,
                  Grid const& grid, SampleOptions<T> const& options) {
  return Run<T>(executor, start, sampler, grid, options)();
}

template Samples<float> sample(Executor<float>&, Start<float> const&, AnySampler const&,
                               Grid const&, SampleOptions<float> const&);
template Samples<double> sample(Executor<double>&, Start<double> const&, AnySampler const&,
                                Grid const&, SampleOptions<double> const&);

}  // namespace retrace
