// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/volume_angle_source.hpp>
#include <retrace/likelihood/volume_source.hpp>
#include <retrace/targets/angle_mixture_source.hpp>
#include <retrace/targets/mixture_source.hpp>

namespace retrace {

template <class T>
std::unique_ptr<Executor<T>> volume_executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return volume_executor<T>(MixtureSource<CovarianceShape::isotropic>(mixture));
  return volume_executor<T>(MixtureSource<CovarianceShape::full>(mixture));
}

template <class T>
std::unique_ptr<AdaptiveExecutor<T>> adaptive_volume_executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return adaptive_volume_executor<T>(AngleMixtureSource<CovarianceShape::isotropic>(mixture));
  return adaptive_volume_executor<T>(AngleMixtureSource<CovarianceShape::full>(mixture));
}

template std::unique_ptr<Executor<float>> volume_executor(Mixture const&);
template std::unique_ptr<Executor<double>> volume_executor(Mixture const&);
template std::unique_ptr<AdaptiveExecutor<float>> adaptive_volume_executor(Mixture const&);
template std::unique_ptr<AdaptiveExecutor<double>> adaptive_volume_executor(Mixture const&);

}  // namespace retrace
