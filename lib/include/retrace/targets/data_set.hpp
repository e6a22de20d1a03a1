// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// The target `data:file=x.npy,bandwidth=0.1`: kernel_density() of the rows of a file [n, d]. Both
/// options have to be given, and the file's name cannot contain a comma. Throws Error (argument)
/// for the options, Error (file), with the file's name, for everything about its content. Not an
/// entry of targets(), since it is nothing without a file.
struct data_set {
  static constexpr std::string_view name = "data";
  static std::vector<Option<data_set>> options();
  void check() const;

  std::string file;
  double bandwidth = 0;  ///< 0: not given
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
