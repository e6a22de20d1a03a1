// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/sde.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace retrace::test {

using Real = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                           boost::multiprecision::et_off>;

/// alpha(t) and sigma(t) of a process in fifty digits, from their definitions: no expm1, no special
/// cases.
struct Reference {
  std::function<Real(Real const&)> alpha, sigma;

  [[nodiscard]] Real log_alpha(Real const& t) const { return log(alpha(t)); }
  [[nodiscard]] Real variance(Real const& t) const { return sigma(t) * sigma(t); }
  [[nodiscard]] Real lambda(Real const& t) const { return log(alpha(t) / sigma(t)); }
  [[nodiscard]] Real rho(Real const& t) const { return sigma(t) / alpha(t); }
  [[nodiscard]] Real f(Real const& t) const {
    return slope([this](Real const& u) { return log_alpha(u); }, t);
  }
  [[nodiscard]] Real variance_rate(Real const& t) const {
    return slope([this](Real const& u) { return variance(u); }, t);
  }
  [[nodiscard]] Real g2(Real const& t) const { return variance_rate(t) - 2 * f(t) * variance(t); }

  /// Central difference; relative error about 1e-24 of a smooth function at t > 0.
  template <class F>
  static Real slope(F const& value, Real const& t) {
    Real const h = t * Real("1e-12");
    return (value(t + h) - value(t - h)) / (2 * h);
  }
};

/// The reference of `sde` with its options; none for a process that this file does not know.
inline std::optional<Reference> reference_of(Sde const& sde) {
  std::map<std::string, Real> option;
  for (auto const& [name, value] : sde.options())
    if (double const* number = std::get_if<double>(&value)) option[name] = *number;
  Real const pi = boost::math::constants::pi<Real>();
  std::string const name(sde.name());

  if (name == "vp" || name == "sub-vp") {
    auto const alpha = [low = option["beta_min"],
                        high = option["beta_max"]](Real const& t) -> Real {
      return exp(-t * t * (high - low) / 4 - t * low / 2);
    };
    auto const variance = [alpha](Real const& t) -> Real { return 1 - alpha(t) * alpha(t); };
    if (name == "sub-vp") return Reference{alpha, variance};
    return Reference{alpha, [variance](Real const& t) -> Real { return sqrt(variance(t)); }};
  }
  if (name == "ve")
    return Reference{[](Real const&) -> Real { return 1; },
                     [low = option["sigma_min"], high = option["sigma_max"]](
                         Real const& t) -> Real { return low * pow(high / low, t); }};
  if (name == "edm")
    return Reference{[](Real const&) -> Real { return 1; },
                     [](Real const& t) -> Real { return t; }};
  if (name == "cosine") {
    auto const alpha = [s = option["s"], w = Real(pi / 2 / (1 + option["s"]))](
                           Real const& t) -> Real { return cos(w * (t + s)) / cos(w * s); };
    return Reference{alpha,
                     [alpha](Real const& t) -> Real { return sqrt(1 - alpha(t) * alpha(t)); }};
  }
  if (name == "rectified-flow")
    return Reference{[](Real const& t) -> Real { return 1 - t; },
                     [](Real const& t) -> Real { return t; }};
  return std::nullopt;
}

/// |value - reference| / |reference|; absolute where the reference is 0.
inline double relative_error(double value, Real const& reference) {
  Real const error = abs(Real(value) - reference);
  return static_cast<double>(reference == 0 ? error : Real(error / abs(reference)));
}

inline double absolute_error(double value, Real const& reference) {
  return static_cast<double>(abs(Real(value) - reference));
}

}  // namespace retrace::test
