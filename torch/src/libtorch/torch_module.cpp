// SPDX-License-Identifier: Apache-2.0
// Builds that have libtorch.
#include "../torch_module.hpp"

#include <retrace/core/error.hpp>

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/cuda.h>
#include <torch/script.h>

#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {
namespace detail {
namespace {

/// Of a text of several lines what says it: of a traceback the last line, else the first sentence.
std::string told(std::string_view text) {
  auto const last_text = text.find_last_not_of(" \n");
  text = text.substr(0, last_text == std::string_view::npos ? 0 : last_text + 1);
  if (text.find("Traceback") != std::string_view::npos) {
    auto const begin = text.find_last_of('\n');
    text.remove_prefix(begin == std::string_view::npos ? 0 : begin + 1);
  } else {
    text = text.substr(0, text.find(". "));
  }
  constexpr std::size_t longest = 200;
  text = text.substr(0, text.find('\n'));
  return printable(text.substr(0, longest));
}

/// f(), and what libtorch throws as an Error.
template <class F>
auto in_torch(Fault fault, std::string const& problem, char const* suggestion, F const& f) {
  try {
    return f();
  } catch (Error const&) {
    throw;
  } catch (std::bad_alloc const&) {
    throw;
  } catch (c10::OutOfMemoryError const& error) {
    throw Error(Fault::memory, problem, told(error.what_without_backtrace()),
                "take a smaller --batch");
  } catch (c10::Error const& error) {
    throw Error(fault, problem, told(error.what_without_backtrace()), suggestion);
  } catch (std::exception const& error) {
    throw Error(fault, problem, told(error.what()), suggestion);
  }
}

std::string text_of(c10::IntArrayRef sizes) {
  std::string text;
  for (std::int64_t const n : sizes) text += (text.empty() ? "[" : ", ") + std::to_string(n);
  return text + "]";
}

/// The wheels' library for CPUs does not load the one for CUDA, which registers itself.
void find_cuda() {
  if (!torch::cuda::is_available()) ::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
}

at::Device device_of(std::string const& name) {
  auto const device = in_torch(Fault::argument, "there is no device " + retrace::quoted(name),
                               "take cpu, cuda or cuda:N", [&] { return at::Device(name); });
  if (device.is_cuda()) find_cuda();
  bool const there = device.is_cpu() ||
                     (device.is_cuda() && torch::cuda::is_available() &&
                      (!device.has_index() ||
                       device.index() < static_cast<at::DeviceIndex>(torch::cuda::device_count())));
  if (!there)
    throw Error(Fault::argument, "libtorch has no device " + retrace::quoted(name) + " here", "",
                "take --device cpu");
  return device;
}

}  // namespace

struct TorchModule::Loaded {
  std::string file;
  at::Device device;
  torch::jit::Module module;
  at::ScalarType type = at::kFloat;  ///< of its parameters
  bool told_times = true;

  Loaded(std::string path, std::string const& on) : file(std::move(path)), device(device_of(on)) {}

  [[nodiscard]] std::string problem() const { return "cannot use " + retrace::quoted(file); }
  [[nodiscard]] std::string failure() const {
    return "the module " + retrace::quoted(file) + " failed";
  }

  [[nodiscard]] std::string load() {
    torch::jit::ExtraFilesMap extra{{"retrace.json", ""}};
    in_torch(Fault::file, problem(), "save it by torch.jit.script(net).save(file)", [&] {
      module = torch::jit::load(file, device, extra);
      module.eval();
    });
    for (at::Tensor parameter : module.parameters()) {
      parameter.requires_grad_(false);
      if (parameter.is_floating_point()) type = parameter.scalar_type();
    }
    count_arguments();
    return extra["retrace.json"];
  }

  void count_arguments() {
    auto const forward = module.find_method("forward");
    if (!forward) throw Error(Fault::file, problem(), "it has no forward");
    std::size_t needed = 0;
    auto const& arguments = forward->function().getSchema().arguments();
    for (auto const& argument : arguments) needed += argument.default_value() ? 0 : 1;
    constexpr std::size_t self = 1;
    if (needed > self + 2 || arguments.size() < self + 1)
      throw Error(Fault::file, problem(),
                  "its forward needs " + std::to_string(needed - self) + " arguments",
                  "wrap it in a module with forward(x, t) or forward(x)");
    told_times = arguments.size() > self + 1;
  }

  [[nodiscard]] static std::vector<std::int64_t> sizes_of(std::int64_t rows, Call const& call) {
    std::vector<std::int64_t> sizes{rows};
    sizes.insert(sizes.end(), call.shape.begin(), call.shape.end());
    return sizes;
  }

  /// An array of ours, seen by libtorch.
  template <class T>
  [[nodiscard]] at::Tensor seen(T* values, std::int64_t rows, Call const& call) const {
    auto const options =
        at::TensorOptions(c10::CppTypeToScalarType<std::remove_const_t<T>>::value)
            .device(call.place == Place::host ? at::Device(at::kCPU) : at::Device(at::kCUDA, 0));
    return at::from_blob(const_cast<std::remove_const_t<T>*>(values), sizes_of(rows, call),
                         options);
  }

  /// A copy, so that a module that works in place leaves ours alone.
  template <class T>
  [[nodiscard]] at::Tensor input(T const* values, std::int64_t rows, Call const& call) const {
    return seen(values, rows, call).to(device, type, false, true);
  }

  [[nodiscard]] at::Tensor answer(at::Tensor const& x, Call const& call) {
    if (at::get_num_threads() != call.threads) at::set_num_threads(call.threads);
    // The optimiser watches the first calls and changes the code of later ones: not the same bits.
    torch::jit::GraphOptimizerEnabledGuard const as_it_stands(false);
    std::vector<torch::jit::IValue> arguments{x};
    if (told_times) {
      auto const as = call.time_type == TimeType::integer ? at::kLong : type;
      arguments.emplace_back(
          at::full({x.size(0)}, call.time, at::TensorOptions(at::kDouble).device(device)).to(as));
    }
    torch::jit::IValue const value = module.forward(std::move(arguments));
    if (!value.isTensor()) refuse("a " + value.tagKind(), x);
    at::Tensor y = value.toTensor();
    if (!y.is_floating_point())
      refuse(std::string("numbers of the type ") + c10::toString(y.scalar_type()), x);
    if (y.sizes() != x.sizes()) refuse(text_of(y.sizes()), x);
    return y;
  }

  [[noreturn]] void refuse(std::string const& found, at::Tensor const& x) const {
    throw Error(Fault::argument, "the module " + retrace::quoted(file) + " answers with " + found,
                "expected is a tensor " + text_of(x.sizes()) + ", as it is given",
                "see --shape, or wrap it");
  }
};

TorchModule::TorchModule(std::string file, std::string const& device)
    : loaded_(std::make_unique<Loaded>(std::move(file), device)), notes_(loaded_->load()) {}
TorchModule::~TorchModule() = default;

template <class T>
void TorchModule::predict(T const* x, T* out, std::int64_t rows, Call const& call) const {
  in_torch(Fault::argument, loaded_->failure(), "", [&] {
    c10::InferenceMode const without_gradients;
    loaded_->seen(out, rows, call).copy_(loaded_->answer(loaded_->input(x, rows, call), call));
    if (call.place == Place::device) torch::cuda::synchronize();
  });
}

void TorchModule::products(double const* x, double const* tangents, double* out, double* products,
                           std::int64_t rows, Call const& call) const {
  in_torch(Fault::argument, loaded_->failure(), "it has no derivatives here: sampling needs none",
           [&] {
             at::AutoGradMode const gradients(true);
             at::Tensor const point = loaded_->input(x, rows, call).requires_grad_();
             at::Tensor const y = loaded_->answer(point, call);
             auto const gradient = torch::autograd::grad(
                 {y}, {point}, {loaded_->input(tangents, rows, call).to(y.scalar_type())});
             loaded_->seen(out, rows, call).copy_(y.detach());
             loaded_->seen(products, rows, call).copy_(gradient.front());
           });
}

template void TorchModule::predict(float const*, float*, std::int64_t, Call const&) const;
template void TorchModule::predict(double const*, double*, std::int64_t, Call const&) const;

}  // namespace detail

bool has_torch() { return true; }

}  // namespace retrace
