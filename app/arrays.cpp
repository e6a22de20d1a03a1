// SPDX-License-Identifier: Apache-2.0
#include "arrays.hpp"

#include <retrace/core/error.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace retrace::app {
namespace {

std::string shape_text(std::initializer_list<std::int64_t> shape) {
  std::string text;
  for (std::int64_t const n : shape) text += (text.empty() ? "[" : ", ") + std::to_string(n);
  return text + "]";
}

std::string named(Given const& option) {
  return option.name() + " " + retrace::quoted(option.text());
}

/// The numbers are finite, so one that is too large for float would become an infinity here.
template <class T>
void copy(std::span<double const> from, T* to, Given const& option) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (std::abs(from[i]) > static_cast<double>(std::numeric_limits<T>::max()))
      throw Error(Fault::argument, named(option) + " has numbers too large for f32", "",
                  "use --precision f64");
    to[i] = static_cast<T>(from[i]);
  }
}

}  // namespace

NpyArray read_points(Given const& points, Subject const& subject, NpyNumbers numbers) {
  NpyArray array =
      numbers == NpyNumbers::floats ? read_npy(points.text()) : read_npy_numbers(points.text());
  if (array.columns != subject.dimension())
    throw Error(Fault::argument,
                named(points) + " has the shape " + shape_text({array.rows, array.columns}),
                "the " + std::string(subject.key()) + " needs [n, " +
                    std::to_string(subject.dimension()) + "]");
  return array;
}

template <class T>
HostArray<T const> read_init(Given const& init, Given const& samples, std::int64_t dimension) {
  NpyArray const array = read_npy(init.text());
  std::int64_t const rows = samples ? samples.integer(0) : array.rows;
  if (array.columns != dimension || array.rows != rows)
    throw Error(Fault::argument,
                named(init) + " has the shape " + shape_text({array.rows, array.columns}),
                samples ? "--samples and the target need " + shape_text({rows, dimension})
                        : "the target needs [n, " + std::to_string(dimension) + "]");
  HostArray<T> states(Kokkos::view_alloc(Kokkos::WithoutInitializing, "retrace::init"),
                      static_cast<std::size_t>(rows), static_cast<std::size_t>(dimension));
  copy<T>(array.values, states.data(), init);
  return states;
}

template <class T>
std::vector<T> read_noise(Given const& noise, std::int64_t draws, std::int64_t samples,
                          std::int64_t dimension) {
  NpyCube const cube = read_npy_cube(noise.text());
  auto const [k, n, d] = cube.shape;
  if (k < draws || n != samples || d != dimension)
    throw Error(
        Fault::argument, named(noise) + " has the shape " + shape_text({k, n, d}),
        "this run needs " + shape_text({draws, samples, dimension}) + ", more draws are ignored");
  std::vector<T> values(static_cast<std::size_t>(draws * samples * dimension));
  copy<T>(std::span(cube.values).first(values.size()), values.data(), noise);
  return values;
}

GivenProbes read_probes(Given const& probe, std::int64_t points, std::int64_t dimension) {
  NpyCube cube = read_npy_sets(probe.text());
  auto const [k, n, d] = cube.shape;
  if (k < 1 || n != points || d != dimension)
    throw Error(Fault::argument, named(probe) + " has the shape " + shape_text({k, n, d}),
                "the points need " + shape_text({points, dimension}) + " or several of these");
  return {std::move(cube.values), k};
}

template <class T>
void write_samples(std::filesystem::path const& path, HostArray<T const> x) {
  std::array const shape{static_cast<std::int64_t>(x.extent(0)),
                         static_cast<std::int64_t>(x.extent(1))};
  write_npy<T>(path, x.data(), shape);
}

template HostArray<float const> read_init(Given const&, Given const&, std::int64_t);
template HostArray<double const> read_init(Given const&, Given const&, std::int64_t);
template std::vector<float> read_noise(Given const&, std::int64_t, std::int64_t, std::int64_t);
template std::vector<double> read_noise(Given const&, std::int64_t, std::int64_t, std::int64_t);
template void write_samples(std::filesystem::path const&, HostArray<float const>);
template void write_samples(std::filesystem::path const&, HostArray<double const>);

}  // namespace retrace::app
