// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/adaptive_executor.hpp>
#include <retrace/targets/angle_mixture_source.hpp>

namespace retrace {

template <class T>
std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return adaptive_executor<T>(AngleMixtureSource<CovarianceShape::isotropic>(mixture));
  return adaptive_executor<T>(AngleMixtureSource<CovarianceShape::full>(mixture));
}

template std::unique_ptr<AdaptiveExecutor<float>> adaptive_executor(Mixture const&);
template std::unique_ptr<AdaptiveExecutor<double>> adaptive_executor(Mixture const&);

}  // namespace retrace
