// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comparison.hpp"

#include <string>

namespace retrace::app {

/// The script of a picture: the samples of one sampler at every number of evaluations beside exact
/// draws, all in the same frame. Points where there are two coordinates or more, of which the first
/// two are shown; histograms where there is one.
[[nodiscard]] std::string sample_panels(Comparison const& comparison, std::string const& sampler);

}  // namespace retrace::app
