// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// The roll x0 = 0.1 t (cos t, sin t), t uniform on [1.5 pi, 4.5 pi], with noise of standard
/// deviation 0.1: make_swiss_roll(noise=1) of scikit-learn without its middle coordinate, divided
/// by 10. 128 components at the midpoints of 128 equal parts of t, at most 0.105 apart.
struct swiss_roll {
  static constexpr TargetInfo info{
      .name = "swiss-roll",
      .summary = "a rolled-up line in two dimensions",
      .paper = "Marsland 2009, Machine Learning: An Algorithmic Perspective (as in scikit-learn)"};
  static std::vector<Option<swiss_roll>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
