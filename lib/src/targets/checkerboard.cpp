// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/checkerboard.hpp>

namespace retrace {

BoxMixture checkerboard::operator()() const {
  constexpr int cells = 4;
  auto const edge = [](int number) { return 2.0 * number - cells; };
  std::vector<double> low, high;
  for (int i = 0; i < cells; ++i)
    for (int j = i % 2; j < cells; j += 2) {
      low.insert(low.end(), {edge(i), edge(j)});
      high.insert(high.end(), {edge(i + 1), edge(j + 1)});
    }
  return {std::vector<double>(low.size() / 2, 2.0 / static_cast<double>(low.size())), low, high};
}

}  // namespace retrace
