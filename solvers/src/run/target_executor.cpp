// SPDX-License-Identifier: Apache-2.0
#include "with_source.hpp"

#include <retrace/run/sample.hpp>

namespace retrace {

template <class T>
std::unique_ptr<Executor<T>> target_executor(Target const& target) {
  return with_source(target, [](auto source) { return fused_executor<T>(std::move(source)); });
}

template std::unique_ptr<Executor<float>> target_executor(Target const&);
template std::unique_ptr<Executor<double>> target_executor(Target const&);

}  // namespace retrace
