// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "condition.hpp"

#include <retrace/io/network_file.hpp>
#include <retrace/targets/target.hpp>
#include <retrace/torch/torchscript_model.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace retrace::app {

/// What --target or --model names: a target with its exact score, a score network, or a module of
/// PyTorch.
class Subject {
 public:
  Subject(Target target, std::string text) : kind_(std::move(target)), text_(std::move(text)) {}
  Subject(TrainedNetwork network, std::string text)
      : kind_(std::move(network)), text_(std::move(text)) {}
  Subject(TorchScriptModel model, std::string text)
      : kind_(std::move(model)), text_(std::move(text)) {}

  [[nodiscard]] Target const* target() const { return std::get_if<Target>(&kind_); }
  [[nodiscard]] TrainedNetwork const* trained() const {
    return std::get_if<TrainedNetwork>(&kind_);
  }
  [[nodiscard]] TorchScriptModel const* torchscript() const {
    return std::get_if<TorchScriptModel>(&kind_);
  }
  [[nodiscard]] int dimension() const;
  /// What lies between the data and what a network knows, where there is anything.
  [[nodiscard]] Normalisation const* normalisation() const {
    return trained() && !trained()->normalisation.empty() ? &trained()->normalisation : nullptr;
  }
  /// As the user wrote it, and what reports call it.
  [[nodiscard]] std::string const& text() const { return text_; }
  [[nodiscard]] char const* key() const { return target() ? "target" : "model"; }

 private:
  std::variant<Target, TrainedNetwork, TorchScriptModel> kind_;
  std::string text_;
};

inline constexpr char const* help_of_sde = "the SDE (default with --model: the network's own)";
inline constexpr char const* help_of_model =
    "instead of --target: a score network, .safetensors, or\n"
    "a TorchScript module, .pt";

/// Options that say of a TorchScript module what its file does not.
struct ModuleOptions {
  explicit ModuleOptions(Arguments& arguments);

  Given shape, prediction, conditioning, device, batch;
};

/// What --model names; nothing where it is not given. Throws Error (argument) where options of
/// modules or of networks stand beside anything else; or what reads it throws.
[[nodiscard]] std::optional<Subject> model_of(Given const& model, ConditionOptions const& condition,
                                              ModuleOptions const& module);

/// What --target or --model names. Throws Error as model_of(), and (argument) where neither or both
/// are given.
[[nodiscard]] Subject subject_of(Given const& target, Given const& model,
                                 ConditionOptions const& condition, ModuleOptions const& module);

/// The SDE asked for; without one that which the model, if there is one and it says so, was trained
/// on.
[[nodiscard]] std::string sde_text_of(Given const& sde, Subject const& subject);

/// Throws Error (argument) for an option that only targets take.
void refuse_for_models(Subject const& subject, Given const& option, std::string_view reason);

}  // namespace retrace::app
