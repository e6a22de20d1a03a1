// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/adaptive_executor.hpp>
#include <retrace/run/network_executor.hpp>

namespace retrace {

bool runs_adaptively_in_kernels(Sde const& sde, Span span) {
  Ends const ends = ends_of(sde, span);
  return sde.at(ends.from).has_lambda() && sde.at(ends.to).has_lambda();
}

NetworkAngleSource network_angle_source(Network const& network, Sde const& sde, Span span) {
  Ends const ends = ends_of(sde, span);
  return {network,
          {[sde](double lambda) { return sde.at_lambda(lambda); }, sde.at(ends.from).lambda(),
           sde.at(ends.to).lambda()}};
}

template <class T>
std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(Network const& network, Sde const& sde,
                                                       Span span) {
  using Tiled =
      TiledAdaptiveExecutor<T, NetworkAngleSource, 0, simd::Native, network_adaptive_lanes>;
  return std::make_unique<Tiled>(network_angle_source(network, sde, span));
}

template std::unique_ptr<AdaptiveExecutor<float>> adaptive_executor(Network const&, Sde const&,
                                                                    Span);
template std::unique_ptr<AdaptiveExecutor<double>> adaptive_executor(Network const&, Sde const&,
                                                                     Span);

}  // namespace retrace
