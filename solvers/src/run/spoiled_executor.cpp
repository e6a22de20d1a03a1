// SPDX-License-Identifier: Apache-2.0
#include "with_source.hpp"

#include <retrace/run/sample.hpp>

namespace retrace {

template <class T>
std::unique_ptr<Executor<T>> spoiled_executor(SpoiledTarget const& target) {
  return with_source(target.target, [&](auto source) {
    return fused_executor<T>(SpoiledSource(std::move(source), target.error));
  });
}

template std::unique_ptr<Executor<float>> spoiled_executor(SpoiledTarget const&);
template std::unique_ptr<Executor<double>> spoiled_executor(SpoiledTarget const&);

}  // namespace retrace
