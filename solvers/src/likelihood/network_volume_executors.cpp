// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/volume_angle_source.hpp>
#include <retrace/likelihood/volume_source.hpp>
#include <retrace/nn/network_source.hpp>
#include <retrace/run/network_executor.hpp>

#include <type_traits>

namespace retrace {
namespace {

/// Packs go through the layers one at a time here, so a tile need not hold groups of them.
constexpr int lanes = std::is_same_v<Execution::memory_space, Kokkos::HostSpace> ? 16 : 32;

}  // namespace

template <class T>
std::unique_ptr<Executor<T>> volume_executor(Network const& network) {
  using Volume = VolumeSource<NetworkSource>;
  using Fused = FusedExecutor<T, Volume, 0, simd::Native, network_lanes>;
  return std::make_unique<Fused>(Volume(NetworkSource(network)));
}

template <class T>
std::unique_ptr<AdaptiveExecutor<T>> adaptive_volume_executor(Network const& network,
                                                              Sde const& sde, Span span) {
  using Volume = VolumeAngleSource<NetworkAngleSource>;
  using Tiled = TiledAdaptiveExecutor<T, Volume, 0, simd::Native, lanes>;
  return std::make_unique<Tiled>(Volume(network_angle_source(network, sde, span)));
}

template std::unique_ptr<Executor<float>> volume_executor(Network const&);
template std::unique_ptr<Executor<double>> volume_executor(Network const&);
template std::unique_ptr<AdaptiveExecutor<float>> adaptive_volume_executor(Network const&,
                                                                           Sde const&, Span);
template std::unique_ptr<AdaptiveExecutor<double>> adaptive_volume_executor(Network const&,
                                                                            Sde const&, Span);

}  // namespace retrace
