// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "json.hpp"

#include <retrace/io/network_file.hpp>

#include <string>

namespace retrace::app {

inline constexpr char const* help_of_class =
    "the class of samples, with a model that knows classes";
inline constexpr char const* help_of_condition =
    "the numbers that a model is conditioned on, as its data had them";

/// The options that say at which condition a network is used.
struct ConditionOptions {
  Given const &of_class, &condition;

  /// Throws Error (argument) for either of them where there is no --model.
  void require(Given const& model) const;
  /// y, in the units of the data. Throws Error (argument) for a network that needs one and is given
  /// none, and for one that does not fit.
  [[nodiscard]] std::vector<double> of(Architecture const& architecture) const;
  /// What was given, as a report has it; nothing where nothing was.
  void add_to(Json& report) const;
  /// The same behind a name: `, class 2`.
  [[nodiscard]] std::string text() const;
};

/// The network of --model at the condition asked for.
[[nodiscard]] TrainedNetwork read_conditioned(Given const& model, ConditionOptions const& options);

}  // namespace retrace::app
