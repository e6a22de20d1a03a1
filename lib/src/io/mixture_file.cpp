// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/json_file.hpp>
#include <retrace/io/mixture_file.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {
namespace {

constexpr std::array<std::string_view, 3> keys{"weights", "means", "covariances"};
constexpr std::string_view form =
    R"(a mixture file is {"weights": [k], "means": [k][d], "covariances": [k][d][d]})";

std::string element(std::string const& name, std::size_t i) {
  return name + "[" + std::to_string(i) + "]";
}

void check_array(nlohmann::json const& value, std::string const& name) {
  if (!value.is_array())
    throw Error(Fault::file, name + " is not an array but a value of type " + value.type_name(),
                form);
  if (value.empty()) throw Error(Fault::file, name + " is empty", form);
}

/// The numbers of nested arrays of exactly this shape, row-major.
void append_numbers(nlohmann::json const& value, std::string const& name,
                    std::span<std::size_t const> shape, std::vector<double>& numbers) {
  if (shape.empty()) {
    if (!value.is_number())
      throw Error(Fault::file, name + " is not a number but a value of type " + value.type_name(),
                  form);
    numbers.push_back(value.get<double>());
    return;
  }
  check_array(value, name);
  if (value.size() != shape.front())
    throw Error(Fault::file,
                name + " has " + std::to_string(value.size()) + " elements, expected " +
                    std::to_string(shape.front()),
                form);
  for (std::size_t i = 0; i < value.size(); ++i)
    append_numbers(value[i], element(name, i), shape.subspan(1), numbers);
}

std::vector<double> numbers_of(nlohmann::json const& file, std::string_view field,
                               std::initializer_list<std::size_t> shape) {
  std::vector<double> numbers;
  append_numbers(file.at(std::string(field)), std::string(field),
                 std::span(shape.begin(), shape.size()), numbers);
  return numbers;
}

void check_fields(nlohmann::json const& file) {
  if (!file.is_object())
    throw Error(Fault::file,
                std::string("the file holds no object but a value of type ") + file.type_name(),
                form);
  for (std::string_view const field : keys)
    if (!file.contains(std::string(field)))
      throw Error(Fault::file, std::string(field) + " is missing", form);
  for (auto const& item : file.items())
    if (item.key() != keys[0] && item.key() != keys[1] && item.key() != keys[2])
      throw Error(Fault::file, "unknown field " + retrace::quoted(item.key()), form);
}

Mixture mixture_of(nlohmann::json const& file) {
  check_fields(file);
  auto const& means = file.at("means");
  check_array(file.at("weights"), "weights");
  check_array(means, "means");
  check_array(means[0], "means[0]");
  std::size_t const k = file.at("weights").size(), d = means[0].size();
  auto weights = numbers_of(file, "weights", {k});
  auto centres = numbers_of(file, "means", {k, d});
  auto covariances = numbers_of(file, "covariances", {k, d, d});
  return Mixture::full(std::move(weights), std::move(centres), std::move(covariances));
}

}  // namespace

Mixture read_mixture(std::filesystem::path const& path) {
  nlohmann::json const file = read_json(path);
  try {
    return mixture_of(file);
  } catch (Error const& error) {
    throw Error(Fault::file, retrace::quoted(path.string()) + ": " + error.what());
  }
}

}  // namespace retrace
