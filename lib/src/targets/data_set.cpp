// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/targets/data_set.hpp>
#include <retrace/targets/kernel_density.hpp>

#include <utility>

namespace retrace {

std::vector<Option<data_set>> data_set::options() {
  return {
      {.info = {.name = "file", .summary = "an .npy of shape [n, d]", .range = "FILE.npy"},
       .set = [](data_set& made, std::string_view text) { made.file = text; },
       .get = [](data_set const& made) -> OptionValue { return made.file; }},
      real_option("bandwidth", &data_set::bandwidth,
                  {.low = least_bandwidth, .high = most_bandwidth},
                  "standard deviation of the Gaussian around every row"),
  };
}

void data_set::check() const {
  char const* const form = "write data:file=FILE.npy,bandwidth=NUMBER";
  if (file.empty()) throw Error(Fault::argument, "target 'data' has no file", form);
  if (bandwidth == 0) throw Error(Fault::argument, "target 'data' has no bandwidth", form);
}

Mixture data_set::operator()() const {
  check();
  NpyArray data = read_npy(file);
  try {
    return kernel_density(std::move(data.values), data.columns, bandwidth);
  } catch (Error const& error) {
    throw Error(Fault::file, retrace::quoted(file) + ": " + error.what());
  }
}

}  // namespace retrace
