// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/guided_source.hpp>
#include <retrace/run/adaptive_executor.hpp>
#include <retrace/run/fused.hpp>
#include <retrace/run/network_executor.hpp>

namespace retrace {

template <class T>
std::unique_ptr<Executor<T>> network_executor(GuidedNetwork const& network) {
  using Fused = FusedExecutor<T, GuidedNetworkSource, 0, simd::Native, network_lanes>;
  return std::make_unique<Fused>(GuidedNetworkSource(network));
}

template <class T>
std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(GuidedNetwork const& network, Sde const& sde,
                                                       Span span) {
  using Tiled =
      TiledAdaptiveExecutor<T, GuidedAngleSource, 0, simd::Native, network_adaptive_lanes>;
  return std::make_unique<Tiled>(
      GuidedAngleSource(network_angle_source(network.conditional, sde, span),
                        network_angle_source(network.unconditional, sde, span), network.weight));
}

template std::unique_ptr<Executor<float>> network_executor(GuidedNetwork const&);
template std::unique_ptr<Executor<double>> network_executor(GuidedNetwork const&);
template std::unique_ptr<AdaptiveExecutor<float>> adaptive_executor(GuidedNetwork const&,
                                                                    Sde const&, Span);
template std::unique_ptr<AdaptiveExecutor<double>> adaptive_executor(GuidedNetwork const&,
                                                                     Sde const&, Span);

}  // namespace retrace
