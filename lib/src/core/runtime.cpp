// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/options.hpp>
#include <retrace/core/runtime.hpp>

#include <Kokkos_Core.hpp>
#include <tbb/global_control.h>

#include <cstdlib>
#include <string_view>
#include <thread>

namespace retrace {
namespace {

int checked(int threads) {
  if (threads < 0 || threads > Runtime::max_threads)
    throw Error(Fault::argument, "threads cannot be " + std::to_string(threads),
                "it takes a number in [1, " + std::to_string(Runtime::max_threads) + "]");
  return threads;
}

int from_arguments(int argc, char const* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view const word = argv[i];
    std::string_view const equals = "--threads=";
    if (word == "--threads" && i + 1 < argc)
      return static_cast<int>(parse_integer("--threads", argv[i + 1], 1, Runtime::max_threads));
    if (word.starts_with(equals))
      return static_cast<int>(
          parse_integer("--threads", word.substr(equals.size()), 1, Runtime::max_threads));
  }
  return 0;
}

/// As OpenMP itself would decide, so that TBB gets the same number. What cannot be read is OpenMP's
/// to complain about.
int default_threads() {
  if (char const* text = std::getenv("OMP_NUM_THREADS"))
    if (int const n = std::atoi(text); n > 0)
      return n < Runtime::max_threads ? n : Runtime::max_threads;
  unsigned const all = std::thread::hardware_concurrency();
  return all > 0 ? static_cast<int>(all) : 1;
}

}  // namespace

struct Runtime::Limits {
  explicit Limits(int threads)
      : count(threads),
        tbb(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads)),
        owns_kokkos(!Kokkos::is_initialized()) {
    if (Kokkos::is_finalized())
      throw Error(Fault::argument, "the runtime cannot start", "Kokkos has been finalized already");
    if (owns_kokkos)
      Kokkos::initialize(
          Kokkos::InitializationSettings().set_num_threads(threads).set_disable_warnings(true));
  }
  ~Limits() {
    if (owns_kokkos && Kokkos::is_initialized()) Kokkos::finalize();
  }
  Limits(Limits const&) = delete;
  Limits& operator=(Limits const&) = delete;

  int count;
  tbb::global_control tbb;
  bool owns_kokkos;
};

Runtime::Runtime(int threads) {
  checked(threads);
  limits_ = std::make_unique<Limits>(threads > 0 ? threads : default_threads());
}
Runtime::Runtime(int argc, char const* const* argv) : Runtime(from_arguments(argc, argv)) {}
Runtime::~Runtime() = default;

int Runtime::threads() const { return limits_->count; }

void Runtime::require() {
  if (!Kokkos::is_initialized())
    throw Error(Fault::argument, "the runtime is not started",
                "make a retrace::Runtime first and keep it until the end");
}

}  // namespace retrace
