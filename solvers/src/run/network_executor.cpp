// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/network_source.hpp>
#include <retrace/run/fused.hpp>
#include <retrace/run/network_executor.hpp>

namespace retrace {

template <class T>
std::unique_ptr<Executor<T>> network_executor(Network const& network) {
  using Fused = FusedExecutor<T, NetworkSource, 0, simd::Native, network_lanes>;
  return std::make_unique<Fused>(NetworkSource(network));
}

std::unique_ptr<Executor<float>> network_executor(Bf16Network const& network) {
  return std::make_unique<FusedExecutor<float, Bf16Network, 0, simd::Native, network_lanes>>(
      network);
}

template std::unique_ptr<Executor<float>> network_executor(Network const&);
template std::unique_ptr<Executor<double>> network_executor(Network const&);

}  // namespace retrace
