// SPDX-License-Identifier: Apache-2.0
#pragma once

// A stand-in for oneTBB that ThreadSanitizer understands: a packaged oneTBB is not instrumented, so
// every hand-over of work inside it looks like a race. Here each call spreads its iterations over
// threads of its own, alternating, so that neighbours run at the same time.
#include <tbb/blocked_range.h>

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace tbb {

inline constexpr int threads = 4;

/// f(i) for every i of [first, last).
template <class Index, class Body>
void parallel_for(Index first, Index last, Body const& body) {
  std::vector<std::exception_ptr> thrown(threads);
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t)
    team.emplace_back([&, t] {
      try {
        for (Index i = first + static_cast<Index>(t); i < last; i += static_cast<Index>(threads))
          body(i);
      } catch (...) {
        thrown[static_cast<std::size_t>(t)] = std::current_exception();
      }
    });
  for (std::thread& thread : team) thread.join();
  for (std::exception_ptr const& e : thrown)
    if (e) std::rethrow_exception(e);
}

/// body(part) for parts of the range of at most its grain.
template <class Index, class Body>
void parallel_for(blocked_range<Index> const& range, Body const& body) {
  Index const grain = static_cast<Index>(range.grainsize());
  Index const parts = (range.end() - range.begin() + grain - 1) / grain;
  parallel_for(Index{0}, parts, [&](Index part) {
    Index const first = range.begin() + part * grain;
    body(blocked_range<Index>(first, std::min<Index>(first + grain, range.end())));
  });
}

}  // namespace tbb
