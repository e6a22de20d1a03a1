// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include "arguments.hpp"

#include <unistd.h>

#include <iostream>

namespace retrace::app {

Progress::Progress(Arguments const& arguments, std::int64_t total) {
  if (!arguments.quiet() && !arguments.json() && ::isatty(STDERR_FILENO) != 0) total_ = total;
}

Progress::~Progress() {
  if (bar_ && bar_->count() < bar_->expected_count()) std::cerr << std::endl;
}

void Progress::show(std::int64_t done) {
  if (!shown()) return;
  if (!bar_) bar_.emplace(static_cast<unsigned long>(total_), std::cerr, "");
  if (auto const now = static_cast<unsigned long>(done); now > bar_->count())
    *bar_ += now - bar_->count();
}

}  // namespace retrace::app
