// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/box_source.hpp>
#include <retrace/targets/mixture_source.hpp>
#include <retrace/targets/target.hpp>

#include <variant>

namespace retrace {

/// f(source), with what makes fused kernels of a mixture.
template <class F>
auto with_source_of(Mixture const& mixture, F const& f) {
  if (mixture.shape() == CovarianceShape::isotropic)
    return f(MixtureSource<CovarianceShape::isotropic>(mixture));
  return f(MixtureSource<CovarianceShape::full>(mixture));
}

template <class F>
auto with_source_of(BoxMixture const& boxes, F const& f) {
  return f(BoxSource(boxes));
}

/// The same for a target of any kind: every kind has a with_source_of. f is compiled for each of
/// their sources.
template <class F>
auto with_source(Target const& target, F const& f) {
  return std::visit([&](auto const& data) { return with_source_of(data, f); }, target.kind());
}

}  // namespace retrace
