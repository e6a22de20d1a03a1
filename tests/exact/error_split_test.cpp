// SPDX-License-Identifier: Apache-2.0
#include <retrace/exact/error_split.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace retrace {
namespace {

constexpr std::array<Normal, 3> data{{{0.7, 0.25}, {-0.3, 0.01}, {0, 2}}};

ErrorSplit split_of(char const* sampler, char const* sde, std::int64_t steps, double to) {
  Sde const process = make_sde(sde);
  return error_split(make_sampler(sampler),
                     make_grid("log-snr", process, steps, {process.t_max(), to}), data);
}

TEST(ErrorSplit, KeepsItsPartsApart) {
  // Finer grids reduce the error of discretisation alone, later ends that of truncation alone.
  ErrorSplit const coarse = split_of("ddim", "vp", 50, 1e-3),
                   fine = split_of("ddim", "vp", 100, 1e-3),
                   later = split_of("ddim", "vp", 100, 1e-5);
  EXPECT_NEAR(coarse.discretisation / fine.discretisation, 2, 0.1);
  EXPECT_EQ(coarse.truncation, fine.truncation);
  EXPECT_EQ(coarse.initialisation, fine.initialisation);
  EXPECT_LT(later.truncation, 0.02 * fine.truncation);
  EXPECT_NEAR(later.initialisation, fine.initialisation, 0.01 * fine.initialisation);
}

/// VP from N(0, 1): the mean at T is alpha_T m instead of 0, and the flow carries that to the end;
/// the reverse SDE forgets it.
TEST(ErrorSplit, ShowsThatTheSdeForgetsItsStartAndTheFlowDoesNot) {
  double const alpha = make_sde("vp").at(1).alpha();
  std::array<Normal, 1> const one{{{1.5, 0.25}}};
  Grid const grid = make_grid("log-snr", make_sde("vp"), 2000, {1.0, 1e-5});
  double const flow = error_split(make_sampler("ddim"), grid, one).initialisation;
  EXPECT_NEAR(flow, 1.5 * alpha * 0.5, 1e-5);
  EXPECT_LT(error_split(make_sampler("ancestral"), grid, one).initialisation, 0.01 * flow);
}

TEST(ErrorSplit, OfManyStepsIsTheOtherPartsAlone) {
  for (char const* sampler : {"dpmpp-3m", "dpmpp-2m-sde"})
    for (char const* sde : {"vp", "ve", "sub-vp"}) {
      ErrorSplit const split = split_of(sampler, sde, 1000, 1e-2);
      EXPECT_LT(split.discretisation, 1e-3) << sampler << sde;
      EXPECT_LE(split.total, split.initialisation + split.discretisation + split.truncation + 1e-12)
          << sampler << sde;
      EXPECT_GT(split.total, 0.5 * split.truncation) << sampler << sde;
    }
}

}  // namespace
}  // namespace retrace
