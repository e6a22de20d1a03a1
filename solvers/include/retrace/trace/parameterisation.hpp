// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>

namespace retrace {

/// y = skip x + out m, where m is a prediction at x.
struct Affine {
  double skip, out;
};

/// What turns a model's prediction `have` at level s into the prediction `want` there. The only
/// place where parameterisations meet. Factors are not finite where the one does not determine the
/// other (score at alpha = 0 says nothing of x0): the recorder refuses them.
[[nodiscard]] Affine convert(Prediction have, Prediction want, NoiseLevel const& s);

}  // namespace retrace
