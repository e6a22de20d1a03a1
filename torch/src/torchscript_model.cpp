// SPDX-License-Identifier: Apache-2.0
#include "torch_module.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/io/input_file.hpp>
#include <retrace/io/zip.hpp>
#include <retrace/torch/torchscript_model.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <numeric>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using detail::TorchModule;

constexpr std::int64_t default_numbers = std::int64_t{1} << 17;  // of a call

constexpr auto place_of_batches = std::is_same_v<Execution::memory_space, Kokkos::HostSpace>
                                      ? TorchModule::Place::host
                                      : TorchModule::Place::device;

bool starts_as_zip(InputFile const& file) {
  constexpr std::array magic{std::byte{'P'}, std::byte{'K'}, std::byte{3}, std::byte{4}};
  std::array<std::byte, magic.size()> first{};
  if (file.size() < first.size()) return false;
  file.read(0, first);
  return first == magic;
}

/// Reads the file once, before libtorch does: what it is, and its digest.
std::string checked(std::filesystem::path const& path) {
  InputFile const file(path);
  if (!starts_as_zip(file))
    file.refuse("it is no TorchScript", "save it by torch.jit.script(net).save(file)");
  std::vector<std::byte> piece(std::size_t{1} << 20);
  std::uint32_t sum = 0;
  for (std::uint64_t at = 0; at < file.size(); at += piece.size()) {
    auto const part = std::span(piece).first(std::min(piece.size(), file.size() - at));
    file.read(at, part);
    sum = zip_crc(sum, part);
  }
  return std::to_string(file.size()) + ":" + std::to_string(sum);
}

ModuleConventions completed(ModuleConventions const& said, TorchModule const& module,
                            std::string const& file) {
  ModuleConventions made = said;
  if (!module.notes().empty()) made = said.or_else(ModuleConventions::parse(module.notes(), file));
  auto const require = [&](bool known, std::string const& what, std::string const& how) {
    if (!known)
      throw Error(Fault::argument, "the " + what + " of " + retrace::quoted(file) + " is not known",
                  "it has no " + what + " in an extra file retrace.json", "give " + how);
  };
  require(!made.shape.empty(), "shape", "--shape, as 3x32x32");
  require(made.prediction.has_value(), "prediction", "--prediction");
  if (!made.time) made.time = ModuleTime{};
  return made;
}

}  // namespace

struct TorchScriptModel::State {
  State(std::filesystem::path const& path, TorchScriptOptions const& options)
      : digest(checked(path)),
        net(path.string(), options.device),
        conventions(completed(options.conventions, net, path.string())),
        dimension(std::accumulate(conventions.shape.begin(), conventions.shape.end(),
                                  std::int64_t{1}, std::multiplies<>())),
        batch(options.batch > 0 ? options.batch
                                : std::max(default_numbers / dimension, std::int64_t{1})) {
    if (options.batch < 0)
      throw Error(Fault::argument,
                  "a batch cannot have " + std::to_string(options.batch) + " samples",
                  "it takes a number of 1 or more");
  }

  /// f(call, first row, rows) for as many samples at a time as memory is meant for.
  template <class F>
  void each_batch(std::int64_t rows, NoiseLevel const& level, TorchModule::Place place,
                  F const& f) {
    using Type = TorchModule::TimeType;
    ModuleTime const& time = *conventions.time;
    TorchModule::Call const call{
        .shape = conventions.shape,
        .time = time.at(level),
        .time_type = time.kind == ModuleTime::Kind::index ? Type::integer : Type::real,
        .place = place,
        .threads = Kokkos::num_threads()};
    std::scoped_lock const lock(busy);
    for (std::int64_t first = 0; first < rows; first += batch) {
      throw_if_interrupted();
      f(call, first, std::min(batch, rows - first));
    }
  }

  std::string digest;
  TorchModule net;
  ModuleConventions conventions;
  std::int64_t dimension, batch;
  std::mutex busy;
};

TorchScriptModel::TorchScriptModel(std::filesystem::path const& file,
                                   TorchScriptOptions const& options)
    : prediction{}, state_(std::make_shared<State>(file, options)) {
  prediction = *state_->conventions.prediction;
}

int TorchScriptModel::dimension() const { return static_cast<int>(state_->dimension); }
ModuleConventions const& TorchScriptModel::conventions() const { return state_->conventions; }
std::string const& TorchScriptModel::digest() const { return state_->digest; }

template <class T>
void TorchScriptModel::evaluate(Batch<T const> x, NoiseLevel const& level, Batch<T> out) const {
  std::int64_t const d = state_->dimension;
  state_->each_batch(static_cast<std::int64_t>(x.extent(0)), level, place_of_batches,
                     [&](TorchModule::Call const& call, std::int64_t first, std::int64_t rows) {
                       state_->net.predict<T>(x.data() + first * d, out.data() + first * d, rows,
                                              call);
                     });
}

void TorchScriptModel::operator()(Batch<float const> x, NoiseLevel const& level,
                                  Batch<float> out) const {
  evaluate<float>(x, level, out);
}
void TorchScriptModel::operator()(Batch<double const> x, NoiseLevel const& level,
                                  Batch<double> out) const {
  evaluate<double>(x, level, out);
}

void TorchScriptModel::predict(std::span<double const> x, NoiseLevel const& level,
                               std::span<double> out) const {
  std::int64_t const d = state_->dimension, n = static_cast<std::int64_t>(x.size()) / d;
  state_->each_batch(n, level, TorchModule::Place::host,
                     [&](TorchModule::Call const& call, std::int64_t first, std::int64_t rows) {
                       state_->net.predict<double>(x.data() + first * d, out.data() + first * d,
                                                   rows, call);
                     });
}

void TorchScriptModel::products(std::span<double const> x, NoiseLevel const& level,
                                std::span<double const> tangents, std::span<double> out,
                                std::span<double> products) const {
  std::int64_t const d = state_->dimension, n = static_cast<std::int64_t>(x.size()) / d;
  state_->each_batch(n, level, TorchModule::Place::host,
                     [&](TorchModule::Call const& call, std::int64_t first, std::int64_t rows) {
                       std::int64_t const at = first * d;
                       state_->net.products(x.data() + at, tangents.data() + at, out.data() + at,
                                            products.data() + at, rows, call);
                     });
}

HostModel host_model(TorchScriptModel const& model) {
  return {.dimension = model.dimension(),
          .prediction = model.prediction,
          .predict = [model](std::span<double const> x, NoiseLevel const& level,
                             std::span<double> out) { model.predict(x, level, out); },
          .products =
              [model](std::span<double const> x, NoiseLevel const& level,
                      std::span<double const> tangents, std::span<double> out,
                      std::span<double> products) {
                // The point once for each tangent: rows of a batch do not see each other.
                std::vector<double> points, answers(tangents.size());
                while (points.size() < tangents.size())
                  points.insert(points.end(), x.begin(), x.end());
                model.products(points, level, tangents, answers, products);
                std::copy_n(answers.begin(), out.size(), out.begin());
              }};
}

bool is_torchscript(std::filesystem::path const& file) {
  for (char const* suffix : {".pt", ".pth", ".ts"})
    if (file.extension() == suffix) return true;
  std::error_code failed;
  return std::filesystem::is_regular_file(file, failed) && starts_as_zip(InputFile(file));
}

}  // namespace retrace
