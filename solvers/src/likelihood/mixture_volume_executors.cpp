// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/volume_angle_source.hpp>
#include <retrace/likelihood/volume_source.hpp>
#include <retrace/targets/angle_mixture_source.hpp>
#include <retrace/targets/mixture_source.hpp>

namespace retrace {

std::unique_ptr<Executor<double>> volume_executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return volume_executor<double>(MixtureSource<CovarianceShape::isotropic>(mixture));
  return volume_executor<double>(MixtureSource<CovarianceShape::full>(mixture));
}

std::unique_ptr<AdaptiveExecutor<double>> adaptive_volume_executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return adaptive_volume_executor<double>(
        AngleMixtureSource<CovarianceShape::isotropic>(mixture));
  return adaptive_volume_executor<double>(AngleMixtureSource<CovarianceShape::full>(mixture));
}

}  // namespace retrace
