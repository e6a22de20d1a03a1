// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/gaussian.hpp>

#include <cstddef>

namespace retrace {

Mixture gaussian::operator()() const {
  return Mixture::isotropic({1}, std::vector<double>(static_cast<std::size_t>(dimension), 1.0),
                            {0.8 * 0.8});
}

}  // namespace retrace
