// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/sample.hpp>
#include <retrace/targets/mixture_source.hpp>

namespace retrace {

template <class T>
std::unique_ptr<Executor<T>> mixture_executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return fused_executor<T>(MixtureSource<CovarianceShape::isotropic>(mixture));
  return fused_executor<T>(MixtureSource<CovarianceShape::full>(mixture));
}

template std::unique_ptr<Executor<float>> mixture_executor(Mixture const&);
template std::unique_ptr<Executor<double>> mixture_executor(Mixture const&);

}  // namespace retrace
