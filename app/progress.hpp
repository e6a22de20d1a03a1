// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/timer/progress_display.hpp>

#include <cstdint>
#include <optional>

namespace retrace::app {

class Arguments;

/// A progress bar on standard error: for somebody who watches a terminal and asked for text.
class Progress {
 public:
  Progress(Arguments const& arguments, std::int64_t total);
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;
  /// Ends the line of a bar that did not come to its end.
  ~Progress();

  [[nodiscard]] bool shown() const { return total_ > 0; }
  /// So much of the total is done.
  void show(std::int64_t done);

 private:
  std::int64_t total_ = 0;  // 0: not shown
  std::optional<boost::timer::progress_display> bar_;
};

}  // namespace retrace::app
