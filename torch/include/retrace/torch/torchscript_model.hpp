// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/odeint/host_model.hpp>
#include <retrace/torch/module_conventions.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace retrace {

struct TorchScriptOptions {
  ModuleConventions conventions{};  ///< what is said here goes before what the file says
  std::string device = "cpu";       ///< where the module runs: cpu, cuda, cuda:1
  std::int64_t batch = 0;  ///< samples of one call of the module, which bound its memory; 0: so
                           ///< many as have 2^17 numbers
};

/// A module of PyTorch as an opaque batch model: what `torch.jit.script(net).save(file)` or
/// `torch.jit.trace` left, `forward(x, t)` or `forward(x)`, with x [n, shape...] and the answer of
/// the same shape. It runs in the type of its parameters whatever that of the samples, in eval(),
/// with as many threads as the Runtime has. Copies share the module, which serves one caller at a
/// time.
///
/// Whether equal seeds give equal bits is up to libtorch: for the same `batch`, device and number
/// of threads they do on a CPU as a rule; for others they need not.
class TorchScriptModel {
 public:
  /// Throws Error: (file) for what cannot be read or is no TorchScript, (argument) for a shape or
  /// prediction that neither file nor options say, a `forward` with other arguments, a device that
  /// libtorch does not have, and in a build without libtorch.
  explicit TorchScriptModel(std::filesystem::path const& file,
                            TorchScriptOptions const& options = {});

  Prediction prediction;
  [[nodiscard]] int dimension() const;
  /// As they are used; `sde` may be empty.
  [[nodiscard]] ModuleConventions const& conventions() const;
  /// Changes with every byte of the file.
  [[nodiscard]] std::string const& digest() const;

  /// Throws Error (argument) where the module throws or its answer has another shape or type than a
  /// prediction; naming the file.
  void operator()(Batch<float const> x, NoiseLevel const& level, Batch<float> out) const;
  void operator()(Batch<double const> x, NoiseLevel const& level, Batch<double> out) const;

  /// The same on the host, [n][d].
  void predict(std::span<double const> x, NoiseLevel const& level, std::span<double> out) const;
  /// And each row's transposed Jacobian times the tangent of that row, [n][d], by reverse mode.
  void products(std::span<double const> x, NoiseLevel const& level,
                std::span<double const> tangents, std::span<double> out,
                std::span<double> products) const;

 private:
  struct State;
  template <class T>
  void evaluate(Batch<T const> x, NoiseLevel const& level, Batch<T> out) const;

  std::shared_ptr<State> state_;
};

/// With transposed products, so that exact and estimated divergences can be had. One point at a
/// time.
[[nodiscard]] HostModel host_model(TorchScriptModel const& model);

/// Whether it is a file that TorchScriptModel takes, rather than another one: by its suffix, .pt,
/// .pth or .ts, or by the first bytes of a zip.
[[nodiscard]] bool is_torchscript(std::filesystem::path const& file);

/// Whether this build has libtorch.
[[nodiscard]] bool has_torch();

}  // namespace retrace
