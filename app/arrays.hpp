// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "subject.hpp"

#include <retrace/core/batch.hpp>
#include <retrace/io/npy.hpp>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace retrace::app {

/// The points of --points, [n][d], as read by read_npy() or read_npy_numbers(). Throws Error
/// (argument) naming both shapes where they do not fit what is evaluated; Error (file) as these.
[[nodiscard]] NpyArray read_points(Given const& points, Subject const& subject,
                                   NpyNumbers numbers = NpyNumbers::floats);

/// The states of --init, [n][dimension]. Throws Error (argument) naming both shapes where they do
/// not fit the target or --samples, and where a number does not fit T; Error (file) as read_npy.
template <class T>
[[nodiscard]] HostArray<T const> read_init(Given const& init, Given const& samples,
                                           std::int64_t dimension);

/// The first `draws` draws of --noise, [draws][samples][dimension]. Errors as read_init.
template <class T>
[[nodiscard]] std::vector<T> read_noise(Given const& noise, std::int64_t draws,
                                        std::int64_t samples, std::int64_t dimension);

/// The probes of --probe, [n][d] or [k][n][d]: their values, and k. Errors as read_init.
struct GivenProbes {
  std::vector<double> values;
  std::int64_t count;
};
[[nodiscard]] GivenProbes read_probes(Given const& probe, std::int64_t points,
                                      std::int64_t dimension);

/// Writes samples [n][d] as .npy.
template <class T>
void write_samples(std::filesystem::path const& path, HostArray<T const> x);

}  // namespace retrace::app
