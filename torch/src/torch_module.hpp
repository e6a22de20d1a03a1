// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace retrace::detail {

/// The one door to libtorch: a module, and plain arrays in and out. No header of libtorch, or of
/// Kokkos, is seen on the other side. Everything it throws is an Error.
class TorchModule {
 public:
  /// Where arrays are.
  enum class Place { host, device };
  enum class TimeType { real, integer };

  /// All that calls have in common.
  struct Call {
    std::span<std::int64_t const> shape;  ///< of a sample
    double time;
    TimeType time_type;
    Place place;
    int threads;
  };

  /// Loads the file, to `device`.
  TorchModule(std::string file, std::string const& device);
  TorchModule(TorchModule const&) = delete;
  TorchModule& operator=(TorchModule const&) = delete;
  ~TorchModule();

  /// The extra file `retrace.json`; empty where there is none.
  [[nodiscard]] std::string const& notes() const { return notes_; }

  /// `rows` samples, row-major.
  template <class T>
  void predict(T const* x, T* out, std::int64_t rows, Call const& call) const;
  /// And the transposed Jacobian of each row times that row of `tangents`.
  void products(double const* x, double const* tangents, double* out, double* products,
                std::int64_t rows, Call const& call) const;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
  std::string notes_;
};

}  // namespace retrace::detail
