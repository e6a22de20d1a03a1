// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/exact/certificates.hpp>
#include <retrace/samplers/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace retrace {
namespace {

class Certificates : public ::testing::TestWithParam<char const*> {};

TEST_P(Certificates, HoldForEverythingThatIsClaimed) {
  for (SamplerEntry const& entry : samplers()) {
    auto const certificates = certify(entry.name, GetParam());
    SamplerInfo const& info = entry.info;
    std::size_t const grids = info.steps == Steps::smooth ? 3 : 4;
    std::size_t const claims = std::size_t{info.order.has_value()} + info.weak_order.has_value() +
                               info.strong_order.has_value();
    EXPECT_EQ(certificates.size(), grids * claims) << entry.name;
    for (OrderCertificate const& c : certificates) {
      EXPECT_TRUE(c.holds()) << c.sampler << " on " << c.grid << ", " << name(c.kind)
                             << ": claimed " << c.claimed << ", measured " << c.measured;
      EXPECT_EQ(c.linear.has_value() && c.nonlinear.has_value(), c.kind == OrderKind::weak);
      if (c.linear && c.nonlinear) {
        EXPECT_EQ(c.measured, std::min(*c.linear, *c.nonlinear)) << c.sampler;
      }
      // Neither too little, unless it is said why.
      EXPECT_TRUE(c.measured < c.claimed + 0.5 || !c.remark.empty()) << c.sampler;
    }
  }
}

TEST_P(Certificates, OfLikelihoodsHoldForEveryDeterministicSampler) {
  std::size_t certified = 0;
  for (SamplerEntry const& entry : samplers()) {
    auto const certificates = certify_likelihood(entry.name, GetParam());
    SamplerInfo const& info = entry.info;
    std::size_t const grids = info.steps == Steps::smooth ? 3 : 4;
    EXPECT_EQ(certificates.size(), info.order ? grids : 0) << entry.name;
    for (OrderCertificate const& c : certificates) {
      EXPECT_EQ(c.kind, OrderKind::likelihood);
      EXPECT_EQ(c.claimed, *info.order);
      EXPECT_TRUE(c.holds()) << c.sampler << " on " << c.grid << ": claimed " << c.claimed
                             << ", measured " << c.measured;
      EXPECT_TRUE(c.measured < c.claimed + 0.5 || !c.remark.empty()) << c.sampler;
    }
    certified += certificates.empty() ? 0 : 1;
  }
  EXPECT_GE(certified, 30U);
}

INSTANTIATE_TEST_SUITE_P(Sdes, Certificates, ::testing::Values("vp", "ve", "sub-vp"),
                         [](auto const& test) {
                           std::string text = test.param;
                           for (char& c : text)
                             if (c == '-') c = '_';
                           return text;
                         });

TEST(Certificates, DoNotHoldForPlantedFaults) {
  // The start that well-known codes use, a last step of lower order.
  for (char const* sampler : {"dpmpp-3m:start=low", "dpmpp-3m:final=low", "exp-ab-4:start=low",
                              "lms-4:start=low", "deis-3:start=low"})
    for (auto const& certificates : {certify(sampler, "vp"), certify_likelihood(sampler, "vp")}) {
      EXPECT_FALSE(certificates.empty());
      for (OrderCertificate const& c : certificates) {
        EXPECT_FALSE(c.holds()) << sampler << " on " << c.grid << ", " << name(c.kind);
        EXPECT_NEAR(c.measured, 2, 0.3) << sampler << " on " << c.grid << ", " << name(c.kind);
      }
    }
}

TEST(Certificates, AreRefusedOnChains) {
  EXPECT_THROW((void)certify("ddim", "ddpm"), Error);
  EXPECT_THROW((void)certify_likelihood("ddim", "ddpm"), Error);
}

}  // namespace
}  // namespace retrace
