// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"
#include "chi_squared.hpp"
#include "line_mixture.hpp"
#include "normal_quadrant.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/kl_on_grid.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

namespace retrace {
namespace {

struct Cell {
  double probability, count;
};

/// The inner lines of the grid across one axis, ascending.
std::vector<double> lines_across(Mixture const& law, std::vector<double> const& axis, int cells) {
  LineMixture const marginal(law, axis);
  std::vector<double> out;
  double guess = 0;
  for (int j = 1; j < cells; ++j) {
    double const probability = static_cast<double>(j) / cells;
    guess = marginal.quantile(probability, guess).y;
    // A step of Newton's method more: quantile() stops at an error of 1e-5 spreads or so.
    auto const at = marginal.values(guess);
    double const step = at.density > 0 ? (probability - at.probability) / at.density : 0;
    out.push_back(marginal.origin() + guess +
                  (std::abs(step) < 1e-3 * std::sqrt(marginal.variance()) ? step : 0));
  }
  return out;
}

class Corners {
 public:
  explicit Corners(Mixture const& law) {
    for (int k = 0; k < law.components(); ++k) {
      auto const index = static_cast<std::size_t>(k);
      auto const c = law.component_covariance(k);
      // The square of the sine, what rounding leaves of it where the component is nearly a line.
      double const square = std::max(1e-16, 1 - c[1] * c[1] / (c[0] * c[3]));
      components_.push_back({law.weights()[index], law.means()[2 * index],
                             law.means()[2 * index + 1], std::sqrt(c[0]), std::sqrt(c[3]),
                             std::atan2(std::sqrt(square * c[0] * c[3]), c[1])});
    }
  }
  /// P(X <= x, Y <= y).
  [[nodiscard]] double below(double x, double y) const {
    double sum = 0;
    for (auto const& c : components_)
      sum += c.weight * normal_quadrant((x - c.x) / c.width, (y - c.y) / c.height, c.angle);
    return sum;
  }

 private:
  struct Component {
    double weight, x, y, width, height, angle;
  };
  std::vector<Component> components_;
};

/// [side][side], the first axis first.
std::vector<Cell> cells_of(Mixture const& law, std::span<double const> x, int side) {
  auto const columns = lines_across(law, {1, 0}, side), rows = lines_across(law, {0, 1}, side);
  auto const m = static_cast<std::size_t>(side), stride = m + 1;
  std::vector<double> below(stride * stride, 0);  // [i][j], at the upper ends of i and j cells
  Corners const corners(law);
  double const infinity = std::numeric_limits<double>::infinity();
  tbb::parallel_for(std::size_t{1}, stride, [&](std::size_t i) {
    for (std::size_t j = 1; j <= m; ++j)
      below[i * stride + j] =
          corners.below(i < m ? columns[i - 1] : infinity, j < m ? rows[j - 1] : infinity);
  });
  std::vector<Cell> out(m * m);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < m; ++j) {
      double const* const corner = &below[i * stride + j];
      double const mass = (corner[stride + 1] - corner[stride]) - (corner[1] - corner[0]);
      out[i * m + j] = {std::max(0.0, mass), 0};
    }
  for (std::size_t a = 0; a < x.size(); a += 2) {
    auto const i = std::upper_bound(columns.begin(), columns.end(), x[a]) - columns.begin();
    auto const j = std::upper_bound(rows.begin(), rows.end(), x[a + 1]) - rows.begin();
    out[static_cast<std::size_t>(i) * m + static_cast<std::size_t>(j)].count += 1;
  }
  return out;
}

/// One cell of all that expect too few samples of n.
std::vector<Cell> pooled(std::vector<Cell> cells, double n) {
  constexpr double enough = 10;
  std::stable_sort(cells.begin(), cells.end(),
                   [](Cell const& a, Cell const& b) { return a.probability < b.probability; });
  Cell pool{0, 0};
  auto next = cells.begin();
  auto const too_few = [&](double probability) { return n * probability < enough; };
  while (next != cells.end() &&
         (too_few(next->probability) || (next != cells.begin() && too_few(pool.probability)))) {
    pool.probability += next->probability;
    pool.count += next->count;
    ++next;
  }
  bool const any = next != cells.begin();
  cells.erase(cells.begin(), next);
  if (any) cells.push_back(pool);
  return cells;
}

}  // namespace

Checked kl_on_grid(std::span<double const> x, Mixture const& law, int cells) {
  if (law.dimension() != 2)
    throw Error(Fault::argument, "a histogram on a grid needs a law in two dimensions",
                "this one has " + std::to_string(law.dimension()));
  if (cells < 2)
    throw Error(Fault::argument, "a grid needs at least 2 cells along an axis",
                "there are " + std::to_string(cells));
  check_sample(x, 2);
  std::size_t const rows = x.size() / 2;
  auto const n = static_cast<double>(rows);
  std::vector<Cell> const filled = pooled(cells_of(law, x, cells), n);
  if (filled.size() < 2)
    throw Error(Fault::argument, "there are too few samples to fill two cells of a grid",
                "a cell needs 10 of them, and there are " + std::to_string(rows));

  double divergence = 0, reciprocals = 0;
  for (Cell const& cell : filled) {
    double const share = cell.count / n;
    if (share > 0) divergence += share * std::log(share / cell.probability);
    reciprocals += 1 / cell.probability;
  }
  auto const freedom = static_cast<double>(filled.size() - 1);
  double const unit = (1 + (reciprocals - 1) / (6 * n * freedom)) / (2 * n);
  return {divergence, unit * freedom,
          unit * (chi_squared_quantile(check_level / 2, freedom) - freedom)};
}

}  // namespace retrace
