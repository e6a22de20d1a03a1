// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/torch/torchscript_model.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace retrace::test {

/// A file that make_modules.py made.
inline std::string made(std::string_view name) {
  return (std::filesystem::path(RETRACE_MODULES) / name).string();
}

inline TorchScriptModel module(std::string_view name, TorchScriptOptions const& options = {}) {
  return TorchScriptModel(made(std::string(name) + ".pt"), options);
}

}  // namespace retrace::test
