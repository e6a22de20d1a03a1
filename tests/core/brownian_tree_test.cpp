// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/brownian_tree.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace retrace {
namespace {

/// A linear combination of the draws at the nodes: laws of what a tree answers are exact.
struct Symbol {
  std::map<std::pair<std::int64_t, int>, double> factors;

  friend Symbol operator*(double a, Symbol x) {
    for (auto& [draw, factor] : x.factors) factor *= a;
    return x;
  }
  friend Symbol operator+(Symbol x, Symbol const& y) {
    for (auto const& [draw, factor] : y.factors) x.factors[draw] += factor;
    return x;
  }
  friend Symbol operator-(Symbol x, Symbol const& y) { return std::move(x) + -1 * y; }
};

double covariance(Symbol const& x, Symbol const& y) {
  double sum = 0;
  for (auto const& [draw, factor] : x.factors)
    if (auto const found = y.factors.find(draw); found != y.factors.end())
      sum += factor * found->second;
  return sum;
}

using Source = std::function<Symbol(std::int64_t, int)>;
using Tree = BrownianTree<Symbol, Source>;

Tree tree() {
  return Tree([](std::int64_t node, int which) { return Symbol{{{{node, which}, 1.0}}}; });
}

std::int64_t node(double lambda) { return PathClock::node(lambda); }

double clock_of(std::int64_t n) { return std::exp(2 * PathClock::lambda(n)); }

/// Irregular times, close and far, that no dyadic grid has.
std::vector<std::int64_t> times() {
  std::vector<std::int64_t> all;
  double lambda = -4.7;
  for (int i = 0; i < 24; ++i) {
    all.push_back(node(lambda));
    lambda += 0.0007 * std::exp(0.33 * i) + 1e-5;
  }
  return all;
}

TEST(BrownianTree, GivesIndependentUnitNormalsOnDisjointIntervals) {  // N20, exactly
  Tree path = tree();
  std::vector<PathPart<Symbol>> parts;
  auto const t = times();
  for (std::size_t i = 0; i + 1 < t.size(); ++i) parts.push_back(path.over(t[i], t[i + 1]));
  for (std::size_t i = 0; i < parts.size(); ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double const same = i == j ? 1 : 0;
      EXPECT_NEAR(covariance(parts[i].w, parts[j].w), same, 1e-12) << i << ' ' << j;
      EXPECT_NEAR(covariance(parts[i].h, parts[j].h), same, 1e-12) << i << ' ' << j;
      EXPECT_NEAR(covariance(parts[i].w, parts[j].h), 0, 1e-12) << i << ' ' << j;
      EXPECT_NEAR(covariance(parts[i].h, parts[j].w), 0, 1e-12) << i << ' ' << j;
    }
}

/// The increment and the area of a union, from the definition H = (1/T) integral (B - chord).
TEST(BrownianTree, IsAdditive) {  // N19
  Tree path = tree();
  auto const t = times();
  for (std::size_t i = 0; i + 2 < t.size(); ++i) {
    double const p = clock_of(t[i + 1]) - clock_of(t[i]),
                 q = clock_of(t[i + 2]) - clock_of(t[i + 1]);
    auto const one = path.over(t[i], t[i + 1]), two = path.over(t[i + 1], t[i + 2]);
    Symbol const w1 = std::sqrt(p) * one.w, w2 = std::sqrt(q) * two.w;
    Symbol const h1 = std::sqrt(p / 12) * one.h, h2 = std::sqrt(q / 12) * two.h;
    Symbol const w = w1 + w2;
    Symbol const area = p * (h1 + 0.5 * w1) + q * (w1 + h2 + 0.5 * w2);  // integral of B
    Symbol const h = 1 / (p + q) * area - 0.5 * w;
    auto const whole = path.over(t[i], t[i + 2]);
    Symbol const dw = whole.w - 1 / std::sqrt(p + q) * w;
    Symbol const dh = whole.h - std::sqrt(12 / (p + q)) * h;
    EXPECT_LT(covariance(dw, dw), 1e-20) << i;
    EXPECT_LT(covariance(dh, dh), 1e-20) << i;
  }
}

TEST(BrownianTree, AnswersTheSameInAnyOrderAndAfterForgetting) {  // N19, bitwise
  auto const t = times();
  Tree forwards = tree(), backwards = tree();
  for (std::size_t i = t.size() - 1; i > 0; --i) (void)backwards.over(t[i - 1], t[i]);
  for (std::size_t i = 0; i + 1 < t.size(); ++i) {
    forwards.forget_before(t[i]);
    auto const one = forwards.over(t[i], t[i + 1]), same = backwards.over(t[i], t[i + 1]);
    EXPECT_EQ(one.w.factors, same.w.factors);
    EXPECT_EQ(one.h.factors, same.h.factors);
  }
}

/// The control: a bridge that splits every interval in equal shares, as if the clock were lambda.
TEST(BrownianTree, WouldShowAWrongBridge) {
  Symbol const w{{{{1, 0}, 1.0}}}, h{{{{1, 1}, 1.0}}}, z1{{{{2, 0}, 1.0}}}, z2{{{{2, 1}, 1.0}}};
  double const share = PathClock::share(0, 1 << 19, 1 << 20);  // an interval of 1 in lambda
  auto const error_of = [&](double used) {
    BrownianSplit const split(used);
    auto const one = split.first<Symbol>({w, h}, z1, z2),
               two = split.second<Symbol>({w, h}, z1, z2);
    Symbol const sum = std::sqrt(share) * one.w + std::sqrt(1 - share) * two.w - w;
    return covariance(sum, sum);
  };
  EXPECT_LT(error_of(share), 1e-30);
  EXPECT_GT(error_of(0.5), 1e-3);
}

TEST(PathClock, KnowsSharesAlsoOfTheLongestIntervals) {
  EXPECT_NEAR(PathClock::share(node(0), node(0.5), node(1)), std::expm1(1.0) / std::expm1(2.0),
              1e-15);
  EXPECT_NEAR(PathClock::share(0, PathClock::nodes / 2, PathClock::nodes) * std::exp(64), 1, 1e-12);
  EXPECT_EQ(PathClock::lambda(node(-3.25)), -3.25);
}

TEST(PathClock, NamesEveryDrawOfEveryNodeOnce) {
  std::map<DrawKey, int> seen;
  for (std::int64_t const n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1023},
                               std::int64_t{1024}, std::int64_t{1025}, PathClock::nodes - 1})
    for (int const which : {0, 1}) {
      DrawKey const key = PathClock::key(n, which);
      EXPECT_TRUE(seen.emplace(key, 0).second);
      EXPECT_LE(key.step, DrawKey::max_step);
      EXPECT_LE(key.k, DrawKey::max_k);
    }
}

}  // namespace
}  // namespace retrace
