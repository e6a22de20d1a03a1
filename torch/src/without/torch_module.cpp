// SPDX-License-Identifier: Apache-2.0
// Builds that have no libtorch.
#include "../torch_module.hpp"

#include <retrace/core/error.hpp>
#include <retrace/torch/torchscript_model.hpp>

namespace retrace {
namespace detail {

struct TorchModule::Loaded {};

TorchModule::TorchModule(std::string file, std::string const&) {
  throw Error(Fault::argument, "this build of Retrace cannot run " + retrace::quoted(file),
              "it has no libtorch",
              "configure it where Python has torch, or with -DRETRACE_TORCH_ROOT=FOLDER: "
              "docs/packaging.md");
}
TorchModule::~TorchModule() = default;

template <class T>
void TorchModule::predict(T const*, T*, std::int64_t, Call const&) const {}
void TorchModule::products(double const*, double const*, double*, double*, std::int64_t,
                           Call const&) const {}

template void TorchModule::predict(float const*, float*, std::int64_t, Call const&) const;
template void TorchModule::predict(double const*, double*, std::int64_t, Call const&) const;

}  // namespace detail

bool has_torch() { return false; }

}  // namespace retrace
