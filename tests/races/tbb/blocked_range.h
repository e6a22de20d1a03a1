// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace tbb {

/// See parallel_for.h.
template <class Index>
class blocked_range {
 public:
  blocked_range(Index begin, Index end, std::size_t grain = 1)
      : begin_(begin), end_(end), grain_(grain) {}
  [[nodiscard]] Index begin() const { return begin_; }
  [[nodiscard]] Index end() const { return end_; }
  [[nodiscard]] std::size_t grainsize() const { return grain_; }

 private:
  Index begin_, end_;
  std::size_t grain_;
};

}  // namespace tbb
