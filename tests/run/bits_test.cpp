// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/box_source.hpp>
#include <retrace/targets/checkerboard.hpp>
#include <retrace/targets/mixture_source.hpp>

#include <gtest/gtest.h>
#include <run/opaque.hpp>
#include <support/hash.hpp>
#include <support/mixtures.hpp>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::Opaque;
using Isotropic = MixtureSource<CovarianceShape::isotropic>;
using Full = MixtureSource<CovarianceShape::full>;

/// Every sampler, and those variants of them that draw noise.
std::vector<std::string> sampler_texts() {
  std::vector<std::string> texts;
  for (SamplerEntry const& entry : samplers()) texts.push_back(entry.name);
  for (char const* more : {"ddim:eta=0.5", "edm-heun:churn=40,s_noise=1.007"})
    texts.emplace_back(more);
  return texts;
}

Grid bits_grid() { return make_grid("karras:final=eps", make_sde("ve"), 24, {50.0 / 50, 1e-3}); }

template <class T>
SampleOptions<T> bits_options(std::int64_t samples) {
  return {.samples = samples, .seed = 7};
}

template <class T>
std::uint64_t hash_of(Samples<T> const& run) {
  return testing::hash_bytes(run.x.data(), run.x.size());
}

template <class T>
std::uint64_t run_hash(Executor<T>& executor, std::string const& sampler,
                       SampleOptions<T> options) {
  Grid const grid = bits_grid();
  return hash_of(
      sample(executor, default_start<T>(grid, options.seed), make_sampler(sampler), grid, options));
}

template <class T, class Source, int Dim>
void same_bits_however_run(Source const& source) {
  for (std::string const& sampler : sampler_texts()) {
    SCOPED_TRACE(sampler);
    FusedExecutor<T, Source, Dim> usual(source);
    std::uint64_t const expected = run_hash<T>(usual, sampler, bits_options<T>(333));

    FusedExecutor<T, Source, Dim, simd::Native, 16> small(source);
    EXPECT_EQ(run_hash<T>(small, sampler, bits_options<T>(333)), expected) << "tile of 16";
    FusedExecutor<T, Source, Dim, simd::Native, 512> large(source);
    EXPECT_EQ(run_hash<T>(large, sampler, bits_options<T>(333)), expected) << "tile of 512";
    FusedExecutor<T, Source, Dim, simd::Scalar, 16> scalar(source);
    EXPECT_EQ(run_hash<T>(scalar, sampler, bits_options<T>(333)), expected) << "scalar lanes";
    FusedExecutor<T, Source, 0> run_time(source);
    EXPECT_EQ(run_hash<T>(run_time, sampler, bits_options<T>(333)), expected)
        << "run-time dimension";

    SampleOptions<T> segmented = bits_options<T>(333);
    segmented.segment_bytes = 1;
    EXPECT_EQ(run_hash<T>(usual, sampler, segmented), expected) << "a segment an evaluation";
    segmented.segment_bytes = 20000;
    EXPECT_EQ(run_hash<T>(usual, sampler, segmented), expected) << "a few segments";

    Grid const grid = bits_grid();
    auto const start = default_start<T>(grid, 7);
    SampleOptions<T> head = bits_options<T>(100), tail = bits_options<T>(233);
    tail.first_sample = 100;
    auto const a =
        sample(static_cast<Executor<T>&>(usual), start, make_sampler(sampler), grid, head);
    auto const b =
        sample(static_cast<Executor<T>&>(usual), start, make_sampler(sampler), grid, tail);
    std::vector<T> both(a.x.data(), a.x.data() + a.x.size());
    both.insert(both.end(), b.x.data(), b.x.data() + b.x.size());
    EXPECT_EQ(testing::hash_bytes(both.data(), both.size()), expected) << "two calls";
  }
}

TEST(Bits, DoNotDependOnTilesLanesSegmentsOrSplits) {
  same_bits_however_run<float, Isotropic, 1>(Isotropic(testing::scattered_mixture(1, 11)));
  same_bits_however_run<float, Isotropic, 2>(Isotropic(testing::scattered_mixture(2, 11)));
  same_bits_however_run<double, Isotropic, 2>(Isotropic(testing::scattered_mixture(2, 11)));
  same_bits_however_run<float, Full, 2>(Full(testing::correlated_mixture(2, 11)));
  same_bits_however_run<float, Full, 3>(Full(testing::correlated_mixture(3, 5)));
  same_bits_however_run<float, BoxSource, 2>(BoxSource(checkerboard{}()));
}

TEST(Bits, OfHigherDimensionsDoNotDependOnTilesEither) {
  Isotropic const source(testing::scattered_mixture(5, 11));
  for (std::string const& sampler : sampler_texts()) {
    FusedExecutor<float, Isotropic, 0> usual(source);
    FusedExecutor<float, Isotropic, 0, simd::Scalar, 16> scalar(source);
    EXPECT_EQ(run_hash<float>(usual, sampler, bits_options<float>(333)),
              run_hash<float>(scalar, sampler, bits_options<float>(333)))
        << sampler;
  }
}

/// One of every kind: with and without noise, one and several evaluations a step, with a memory.
std::vector<std::string> some_samplers() {
  return {"ddim", "euler-maruyama", "dpmpp-2m", "heun", "edm-heun:churn=40,s_noise=1.007"};
}

/// Every operation of a batched run is a parallel region of its own, so that these runs are slow on
/// a busy machine: all samplers on one model only.
template <class T, class Source>
void batched_as_fused(Source const& source, std::vector<std::string> const& texts) {
  auto const fused = fused_executor<T>(source);
  auto const batched =
      batched_executor<T>(AnyBatchModel<T>(Opaque<T, Source>{source}, source.dimension()));
  for (std::string const& sampler : texts)
    EXPECT_EQ(run_hash<T>(*batched, sampler, bits_options<T>(333)),
              run_hash<T>(*fused, sampler, bits_options<T>(333)))
        << sampler;
  for (std::string const& sampler : some_samplers()) {
    SampleOptions<T> segmented = bits_options<T>(333);
    segmented.segment_bytes = 1;
    EXPECT_EQ(run_hash<T>(*batched, sampler, segmented),
              run_hash<T>(*fused, sampler, bits_options<T>(333)))
        << sampler << ", segments";
  }
}

TEST(Bits, OfBatchedRunsAreThoseOfFusedOnes) {
  batched_as_fused<float>(Isotropic(testing::scattered_mixture(2, 11)), sampler_texts());
  batched_as_fused<float>(Isotropic(testing::scattered_mixture(1, 11)), some_samplers());
  batched_as_fused<float>(Isotropic(testing::scattered_mixture(5, 11)), some_samplers());
  batched_as_fused<double>(Isotropic(testing::scattered_mixture(2, 11)), some_samplers());
  batched_as_fused<float>(BoxSource(checkerboard{}()), some_samplers());
}

TEST(Bits, DoNotDependOnTheNumberOfThreads) {
  // The test program runs on two threads; a partition of one gives the same kernel on one.
  Isotropic const source(testing::scattered_mixture(2, 11));
  FusedExecutor<float, Isotropic, 2> executor(source);
  std::uint64_t const two = run_hash<float>(executor, "euler-maruyama", bits_options<float>(5000));
  std::uint64_t one = 0;
#pragma omp parallel num_threads(1)
  one = run_hash<float>(executor, "euler-maruyama", bits_options<float>(5000));
  EXPECT_EQ(one, two);
}

TEST(Bits, DependOnTheSeed) {  // the control of all the tests above
  Isotropic const source(testing::scattered_mixture(2, 11));
  FusedExecutor<float, Isotropic, 2> executor(source);
  SampleOptions<float> other = bits_options<float>(333);
  other.seed = 8;
  EXPECT_NE(run_hash<float>(executor, "ddim", other),
            run_hash<float>(executor, "ddim", bits_options<float>(333)));
}

}  // namespace
}  // namespace retrace
