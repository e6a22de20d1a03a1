// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/volume_source.hpp>
#include <retrace/nn/network_source.hpp>
#include <retrace/run/network_executor.hpp>

namespace retrace {

std::unique_ptr<Executor<double>> volume_executor(Network const& network) {
  using Source = VolumeSource<NetworkSource>;
  using Fused = FusedExecutor<double, Source, 0, simd::Native, network_lanes>;
  return std::make_unique<Fused>(Source(NetworkSource(network)));
}

}  // namespace retrace
