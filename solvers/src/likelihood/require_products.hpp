// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/odeint/host_model.hpp>

#include <string>
#include <string_view>

namespace retrace {

/// Throws Error (argument) for a model without derivatives.
inline void require_products(HostModel const& model, std::string_view divergence) {
  if (model.products) return;
  throw Error(Fault::argument, std::string(divergence) + " divergence cannot be had of this model",
              "it has no derivatives", "with_differences() approximates them");
}

}  // namespace retrace
