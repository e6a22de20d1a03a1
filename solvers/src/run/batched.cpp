// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/run/batched.hpp>
#include <retrace/run/loaded.hpp>

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>

namespace retrace {
namespace {

constexpr int lanes = 64;

/// Stands where kernels between evaluations have no model.
template <class T>
struct NoModel {
  using value_type = T;
  static constexpr int dimension_at_compile_time = 0;
  int d;
  [[nodiscard]] KOKKOS_FUNCTION int dimension() const { return d; }
  [[nodiscard]] KOKKOS_FUNCTION int scratch(int) const { return 0; }
  template <Lanes L>
  KOKKOS_FUNCTION void operator()(L const&, T const*, T*, Evaluation<T> const&, T*) const {}
};

template <class T>
using Between = Trajectories<Execution, NoModel<T>, lanes, simd::Native, Registers::memory>;

/// Between registers of tiles and the row-major arrays that a model sees.
template <class T>
struct RegisterRows {
  T* memory;
  std::size_t words;  ///< of a tile
  int d;
  [[nodiscard]] KOKKOS_FUNCTION T& at(int reg, std::int64_t sample, int component) const {
    return memory[static_cast<std::size_t>(sample / lanes) * words +
                  static_cast<std::size_t>((reg * d + component) * lanes + sample % lanes)];
  }
};

template <class T>
struct ToModel {
  RegisterRows<T> registers;
  int input;
  T* rows;
  KOKKOS_FUNCTION void operator()(std::int64_t s) const {
    for (int c = 0; c < registers.d; ++c) rows[s * registers.d + c] = registers.at(input, s, c);
  }
};

/// result = skip input + out prediction; adds up the samples for which that is not finite.
template <class T>
struct FromModel {
  RegisterRows<T> registers;
  int input, result;
  T skip, out;
  T const* rows;
  KOKKOS_FUNCTION void operator()(std::int64_t s, std::int64_t& bad) const {
    T finite = 0;
    for (int c = 0; c < registers.d; ++c) {
      T const m = rows[s * registers.d + c];
      T const value = simd::fma(out, m, skip * registers.at(input, s, c));
      registers.at(result, s, c) = value;
      finite += zero_if_finite(m) + zero_if_finite(value);
    }
    bad += finite == T(0) ? 0 : 1;
  }
};

template <class T>
class BatchedExecutor final : public Executor<T> {
 public:
  explicit BatchedExecutor(AnyBatchModel<T> model) : model_(std::move(model)) {}

  [[nodiscard]] Prediction prediction() const override { return model_.prediction(); }
  [[nodiscard]] int dimension() const override { return model_.dimension(); }
  [[nodiscard]] std::size_t bytes_per_level() const override { return sizeof(NoiseLevel); }
  [[nodiscard]] std::vector<NonFiniteSample> seen() const override { return seen_; }

  std::int64_t run(Program const& program, Segment<T> const& segment) override {
    if (segment.evaluations_before == 0) {
      seen_.clear();
      seen_rows_.clear();
    }
    Execution const exec;
    Loaded<T> const loaded(program, dimension());
    auto const n = static_cast<std::int64_t>(segment.x.extent(0));
    auto const size = static_cast<int>(loaded.host.size());
    int const carried = std::max(segment.in == Transfer::carry ? loaded.inputs_count : 0,
                                 segment.out == Transfer::carry ? loaded.outputs_count : 0);
    reserve(n, loaded.registers);
    Kokkos::View<std::int64_t, typename Executor<T>::Memory> nonfinite("retrace::nonfinite");
    Between<T> kernel{.model = {dimension()},
                      .code = loaded.code.data(),
                      .from = 0,
                      .to = 0,
                      .registers = loaded.registers,
                      .outputs = loaded.outputs.data(),
                      .inputs_count = loaded.inputs_count,
                      .outputs_count = loaded.outputs_count,
                      .in = segment.in,
                      .out = Transfer::none,
                      .noise = segment.noise,
                      .tiles = {.rows = segment.x.data(),
                                .n = n,
                                .carry = this->carry(carried, n, lanes),
                                .memory = first_aligned<T>(memory_.data())},
                      .nonfinite = nonfinite.data()};
    for (int next = 0; next <= size; ++next) {
      bool const at_end = next == size;
      if (!at_end && loaded.host[static_cast<std::size_t>(next)].op != Op::eval) continue;
      kernel.to = next;
      kernel.out = at_end ? segment.out : Transfer::none;
      if (kernel.to > kernel.from || kernel.in != Transfer::none || kernel.out != Transfer::none)
        kernel.launch(exec, "retrace::between");
      kernel.in = Transfer::none;
      kernel.from = next + 1;
      if (at_end) break;
      evaluate(exec, loaded.host[static_cast<std::size_t>(next)].eval, program, segment, kernel);
      throw_if_interrupted();
    }
    exec.fence("retrace::batched");
    throw_if_interrupted();
    std::int64_t count = 0;
    Kokkos::deep_copy(count, nonfinite);
    return count;
  }

 private:
  void reserve(std::int64_t n, int registers) {
    auto const rows = static_cast<std::size_t>(n), d = static_cast<std::size_t>(dimension());
    std::size_t const tiles = (rows + lanes - 1) / lanes;
    std::size_t const words =
        tiles * lanes * d * static_cast<std::size_t>(registers) + alignment / sizeof(T);
    auto const grow = [](auto& view, std::size_t size) {
      if (view.extent(0) < size) Kokkos::realloc(Kokkos::WithoutInitializing, view, size);
    };
    grow(memory_, words);
    grow(input_, rows * d);
    grow(output_, rows * d);
  }

  void evaluate(Execution const& exec, typename Code<T>::Eval const& eval, Program const& program,
                Segment<T> const& segment, Between<T> const& kernel) {
    std::int64_t const n = kernel.tiles.n;
    auto const d = static_cast<std::size_t>(dimension());
    auto const& [level, condition, skip, out] = eval.evaluation;
    NoiseLevel const& s = program.levels[static_cast<std::size_t>(level)];
    RegisterRows<T> const registers{kernel.tiles.memory, kernel.words(), dimension()};
    Kokkos::RangePolicy<Execution, Kokkos::IndexType<std::int64_t>> const all(exec, 0, n);
    Kokkos::parallel_for("retrace::to_model", all,
                         ToModel<T>{registers, eval.input, input_.data()});
    exec.fence("retrace::to_model");
    model_(Batch<T const>(input_.data(), static_cast<std::size_t>(n), d), s, condition,
           Batch<T>(output_.data(), static_cast<std::size_t>(n), d));
    std::int64_t bad = 0;
    Kokkos::parallel_reduce(
        "retrace::from_model", all,
        FromModel<T>{registers, eval.input, eval.result, skip, out, output_.data()}, bad);
    if (bad > static_cast<std::int64_t>(seen_.size()))
      remember(registers, eval.result, n, segment, {0, segment.evaluations_before + level, s.t()});
  }

  /// Which samples became bad in this evaluation; rare, hence on the host.
  void remember(RegisterRows<T> const& registers, int result, std::int64_t n,
                Segment<T> const& segment, NonFiniteSample found) {
    Kokkos::View<T*, Kokkos::HostSpace> host("retrace::prediction", memory_.extent(0));
    Kokkos::deep_copy(host, memory_);
    T* const first = host.data() + (registers.memory - memory_.data());
    RegisterRows<T> const there{first, registers.words, registers.d};
    for (std::int64_t row = 0; row < n; ++row) {
      bool const good = all_finite(registers.d, [&](int c) { return there.at(result, row, c); });
      if (good || !seen_rows_.insert(row).second) continue;
      found.sample = static_cast<std::int64_t>(segment.noise.first_sample) + row;
      seen_.push_back(found);
    }
  }

  AnyBatchModel<T> model_;
  Kokkos::View<T*, typename Executor<T>::Memory> memory_{"retrace::registers", 0},
      input_{"retrace::model_input", 0}, output_{"retrace::model_output", 0};
  std::vector<NonFiniteSample> seen_;
  std::unordered_set<std::int64_t> seen_rows_;
};

}  // namespace

template <class T>
std::unique_ptr<Executor<T>> batched_executor(AnyBatchModel<T> model) {
  return std::make_unique<BatchedExecutor<T>>(std::move(model));
}

template <class T>
void draw_prior(Batch<T> x, double sigma, std::uint64_t seed, std::uint64_t first_sample) {
  Program program;
  program.inputs = 0;
  program.values = 2;
  program.outputs = {1};
  Instruction normal{.op = Op::normal, .result = {0, -1, -1, -1}};
  normal.ordinals[0] = 0;
  normal.purpose = Purpose::start;
  Instruction scaled{.op = Op::linear, .operands = 1, .result = {1, -1, -1, -1}};
  scaled.operand[0] = {0, sigma};
  program.code = {normal, scaled};
  Execution const exec;
  auto const d = static_cast<int>(x.extent(1));
  Loaded<T> const loaded(program, d);
  Kokkos::View<std::int64_t, Execution::memory_space> nonfinite("retrace::nonfinite");
  Trajectories<Execution, NoModel<T>, lanes, simd::Native, Registers::scratch> const kernel{
      .model = {d},
      .code = loaded.code.data(),
      .from = 0,
      .to = static_cast<int>(loaded.code.extent(0)),
      .registers = loaded.registers,
      .outputs = loaded.outputs.data(),
      .inputs_count = 0,
      .outputs_count = 1,
      .in = Transfer::none,
      .out = Transfer::rows,
      .noise = {.keys = PhiloxKeys(seed), .first_sample = first_sample},
      .tiles = {.rows = x.data(), .n = static_cast<std::int64_t>(x.extent(0))},
      .nonfinite = nonfinite.data()};
  kernel.launch(exec, "retrace::draw_prior");
  exec.fence("retrace::draw_prior");
  throw_if_interrupted();
  std::int64_t count = 0;
  Kokkos::deep_copy(count, nonfinite);
  if (count > 0)
    throw Error(Fault::numerics, "the prior's draws are not finite",
                "its sigma of " + shortest(sigma) + " is too large for this precision",
                "take a smaller one or --precision f64");
}

template std::unique_ptr<Executor<float>> batched_executor(AnyBatchModel<float>);
template std::unique_ptr<Executor<double>> batched_executor(AnyBatchModel<double>);
template void draw_prior(Batch<float>, double, std::uint64_t, std::uint64_t);
template void draw_prior(Batch<double>, double, std::uint64_t, std::uint64_t);

}  // namespace retrace
