// SPDX-License-Identifier: Apache-2.0

// Butcher's order conditions: a method has order p if and only if, for every rooted tree of at most
// p nodes, sum b_i Phi_i(tree) = 1 / gamma(tree). (Hairer, Norsett, Wanner, Solving Ordinary
// Differential Equations I, theorem II.2.13.)
#include <retrace/samplers/tableaus.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

struct Tree {
  std::vector<Tree const*> children;
  int nodes = 1;
  long double gamma = 1;  ///< density: nodes times the densities of the children
};

/// All trees of 1 .. most nodes, by size. Children are in the order of the list, so that each tree
/// comes once.
std::vector<std::vector<Tree>> trees(int most) {
  std::vector<std::vector<Tree>> by_size(static_cast<std::size_t>(most) + 1);
  by_size[1] = {Tree{}};
  for (int size = 2; size <= most; ++size) {
    std::vector<Tree const*> smaller;
    for (int n = 1; n < size; ++n)
      for (Tree const& tree : by_size[static_cast<std::size_t>(n)]) smaller.push_back(&tree);
    std::vector<Tree> found;
    auto const grow = [&](auto const& self, std::size_t first, Tree const& root) -> void {
      if (root.nodes == size) {
        found.push_back(root);
        found.back().gamma = static_cast<long double>(size);
        for (Tree const* child : root.children) found.back().gamma *= child->gamma;
      }
      for (std::size_t i = first; i < smaller.size(); ++i) {
        if (root.nodes + smaller[i]->nodes > size) continue;
        Tree more = root;
        more.children.push_back(smaller[i]);
        more.nodes += smaller[i]->nodes;
        self(self, i, more);
      }
    };
    grow(grow, 0, Tree{});
    by_size[static_cast<std::size_t>(size)] = found;
  }
  return by_size;
}

std::vector<std::vector<Tree>> const& all_trees() {
  static auto const all = trees(9);
  return all;
}

/// Phi_i, or with absolute values everywhere what rounding is measured against.
enum class Values { signed_, absolute };

template <std::size_t S>
std::vector<long double> phi(Tree const& tree, Tableau<S> const& m, Values values) {
  std::vector<long double> result(S, 1);
  for (Tree const* child : tree.children) {
    std::vector<long double> const inner = phi(*child, m, values);
    for (std::size_t i = 0; i < S; ++i) {
      long double sum = 0;
      for (std::size_t j = 0; j < S; ++j) {
        long double const a = m.a[i][j];
        sum += (values == Values::absolute ? std::abs(a) : a) * inner[j];
      }
      result[i] *= sum;
    }
  }
  return result;
}

/// Largest violation over the trees of `order` nodes: absolute, and in units of the sum of the
/// magnitudes, which is what coefficients rounded to double leave.
struct Violation {
  long double absolute = 0, relative = 0;
};

template <std::size_t S>
Violation violation(Tableau<S> const& m, typename Tableau<S>::Row const& weights, int order) {
  Violation worst;
  for (Tree const& tree : all_trees()[static_cast<std::size_t>(order)]) {
    auto const terms = phi(tree, m, Values::signed_), sizes = phi(tree, m, Values::absolute);
    long double sum = -1 / tree.gamma, size = 1 / tree.gamma;
    for (std::size_t i = 0; i < S; ++i) {
      sum += weights[i] * terms[i];
      size += std::abs(static_cast<long double>(weights[i])) * sizes[i];
    }
    worst.absolute = std::max(worst.absolute, std::abs(sum));
    worst.relative = std::max(worst.relative, std::abs(sum) / size);
  }
  return worst;
}

constexpr long double limit = 10 * std::numeric_limits<double>::epsilon();

template <std::size_t S>
int order_of(Tableau<S> const& m, typename Tableau<S>::Row const& weights) {
  int order = 0;
  while (order < 9 && violation(m, weights, order + 1).relative < limit) ++order;
  return order;
}

template <std::size_t S>
void check(std::string const& name, Tableau<S> const& m) {
  EXPECT_EQ(order_of(m, m.b), m.order) << name;
  EXPECT_EQ(order_of(m, m.b_hat), m.order_hat) << name;
  for (std::size_t i = 0; i < S; ++i) {
    long double sum = 0, size = 0;
    for (std::size_t j = 0; j < S; ++j) {
      sum += m.a[i][j];
      size += std::abs(static_cast<long double>(m.a[i][j]));
      if (j >= i) {
        EXPECT_EQ(m.a[i][j], 0) << name << ": a stage uses a later one";
      }
    }
    EXPECT_NEAR(double(sum - m.c[i]), 0, double(limit * (1 + size))) << name << ", row " << i;
  }
  // What the next order lacks is no rounding.
  EXPECT_GT(violation(m, m.b, m.order + 1).absolute, 1e-6) << name;
}

TEST(Tableaus, SatisfyTheConditionsOfTheirOrderAndNoMore) {
  check("midpoint", tableaus::midpoint);
  check("rk4", tableaus::rk4);
  check("bosh3", tableaus::bosh3);
  check("dopri5", tableaus::dopri5);
  check("tsit5", tableaus::tsit5);
  check("cash_karp54", tableaus::cash_karp54);
  check("fehlberg78", tableaus::fehlberg78);
}

TEST(Tableaus, SayWhereTheLastStageIsTheNextFirst) {
  EXPECT_TRUE(tableaus::bosh3.last_is_next_first());
  EXPECT_TRUE(tableaus::dopri5.last_is_next_first());
  EXPECT_TRUE(tableaus::tsit5.last_is_next_first());
  EXPECT_FALSE(tableaus::cash_karp54.last_is_next_first());
  EXPECT_FALSE(tableaus::fehlberg78.last_is_next_first());
  EXPECT_FALSE(tableaus::rk4.last_is_next_first());
}

TEST(Tableaus, AreCheckedAgainstAllRootedTrees) {  // OEIS A000081
  std::vector<std::size_t> counts;
  for (auto const& of_one_size : all_trees()) counts.push_back(of_one_size.size());
  EXPECT_EQ(counts, (std::vector<std::size_t>{0, 1, 1, 2, 4, 9, 20, 48, 115, 286}));
}

TEST(Tableaus, WithAWrongSignOrAWrongDigitAreFound) {
  auto wrong = tableaus::dopri5;
  wrong.a[4][3] = -wrong.a[4][3];
  EXPECT_LT(order_of(wrong, wrong.b), 5);
  auto digit = tableaus::fehlberg78;
  digit.a[10][6] += 1e-12;
  EXPECT_LT(order_of(digit, digit.b_hat), 7);
}

}  // namespace
}  // namespace retrace
