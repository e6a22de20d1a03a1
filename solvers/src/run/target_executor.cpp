// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/sample.hpp>
#include <retrace/targets/box_source.hpp>
#include <retrace/targets/mixture_source.hpp>

namespace retrace {
namespace {

template <class T>
std::unique_ptr<Executor<T>> executor(Mixture const& mixture) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return fused_executor<T>(MixtureSource<CovarianceShape::isotropic>(mixture));
  return fused_executor<T>(MixtureSource<CovarianceShape::full>(mixture));
}

template <class T>
std::unique_ptr<Executor<T>> executor(BoxMixture const& mixture) {
  return fused_executor<T>(BoxSource(mixture));
}

}  // namespace

template <class T>
std::unique_ptr<Executor<T>> target_executor(Target const& target) {
  return std::visit([](auto const& data) { return executor<T>(data); }, target.kind());
}

template std::unique_ptr<Executor<float>> target_executor(Target const&);
template std::unique_ptr<Executor<double>> target_executor(Target const&);

}  // namespace retrace
