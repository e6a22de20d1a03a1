// SPDX-License-Identifier: Apache-2.0
#include "denoiser.hpp"

#include <retrace/core/error.hpp>
#include <retrace/exact/path_error.hpp>
#include <retrace/samplers/gauss_legendre.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace retrace {
namespace {

/// What a part of the path, from clock a to b, contributes to a result: the factors of its unit
/// increment and of its unit area.
struct Piece {
  double from, to, increment = 0, area = 0;
};

/// A result as a linear function: slope start + shift + sum over pieces + independent noise.
struct Linear {
  double slope = 0, shift = 0, noise = 0;  ///< noise: a variance
  std::vector<Piece> pieces;               ///< by clock
};

double clock_at(double lambda) { return std::exp(2 * lambda); }

/// Goes through the program backwards: weights of values become weights of their operands.
Linear linear_function(Program const& program, Normal const& data) {
  Linear result;
  std::vector<double> weight(static_cast<std::size_t>(program.values), 0);
  weight[static_cast<std::size_t>(program.outputs[0])] = 1;
  for (auto i = program.code.rbegin(); i != program.code.rend(); ++i) {
    double const w = weight[static_cast<std::size_t>(i->result[0])];
    switch (i->op) {
      case Op::linear:
        for (Term const& term : i->terms())
          weight[static_cast<std::size_t>(term.value)] += w * term.factor;
        break;
      case Op::eval: {
        auto const [shift, slope] =
            denoiser(data, program.levels[static_cast<std::size_t>(i->level)]);
        result.shift += w * i->out * static_cast<double>(shift);
        weight[static_cast<std::size_t>(i->operand[0].value)] +=
            w * (i->skip + i->out * static_cast<double>(slope));
        break;
      }
      case Op::normal:
        if (!(i->interval.from < i->interval.to)) {
          result.noise += w * w;
          break;
        }
        Piece piece{clock_at(i->interval.from), clock_at(i->interval.to)};
        (i->interval.part == PathInterval::Part::increment ? piece.increment : piece.area) = w;
        result.pieces.push_back(piece);
        break;
    }
  }
  result.slope = weight[0];
  return result;
}

/// Sorts the pieces, and joins the increment and the area of one interval.
void join(std::vector<Piece>& pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](Piece const& a, Piece const& b) { return a.from < b.from; });
  std::vector<Piece> joined;
  for (Piece const& piece : pieces) {
    if (!joined.empty() && joined.back().from == piece.from && joined.back().to == piece.to &&
        (joined.back().area == 0) != (piece.area == 0)) {
      joined.back().increment += piece.increment;
      joined.back().area += piece.area;
      continue;
    }
    if (!joined.empty() && piece.from < joined.back().to * (1 - 1e-12))
      throw Error(Fault::argument, "two draws of the sampler share a part of the Brownian path",
                  "a strong error supposes that every draw is an increment of its own");
    joined.push_back(piece);
  }
  pieces = std::move(joined);
}

/// The integral of f over [from, to], in panels of width at most 1/2: all that is integrated here
/// is a smooth function of log(c).
template <class F>
double integral(double from, double to, F const& f) {
  static Quadrature const rule = gauss_legendre(12);
  auto const panels = std::max(1, static_cast<int>(std::ceil(2 * (to - from))));
  double const width = (to - from) / panels;
  double sum = 0;
  for (int panel = 0; panel < panels; ++panel)
    for (std::size_t j = 0; j < rule.nodes.size(); ++j)
      sum += rule.weights[j] * width * f(from + (panel + rule.nodes[j]) * width);
  return sum;
}

/// The solution on data N(m, v): y - m at the end, y = x / alpha, is kept(c_0) (y_0 - m) and the
/// integral of kernel(c) / alpha_T dW(c).
class Solution {
 public:
  Solution(AnySampler const& sampler, Sde sde, Normal const& data, NoiseLevel const& start,
           NoiseLevel const& end)
      : tau_squared_(sampler.tau_squared()),
        sde_(std::move(sde)),
        variance_(data.variance),
        alpha_(end.alpha()),
        end_(2 * end.lambda()) {
    if (!tau_squared_) return;
    for (double to = end_; to > 2 * start.lambda(); to -= spacing)
      excess_.push_back(excess_.back() + excess(to - spacing, to));
  }

  /// exp(- integral of (1 + tau^2) rho / (v + rho^2) drho), rho = c^-1/2, from here to the end.
  [[nodiscard]] double kept(double log_c) const {
    if (!tau_squared_) return spread(end_) / spread(log_c);
    std::size_t const known = std::min(
        static_cast<std::size_t>(std::max(0.0, (end_ - log_c) / spacing)), excess_.size() - 1);
    double const more = excess_[known] + excess(log_c, end_ - spacing * static_cast<double>(known));
    return std::sqrt(spread(end_) / spread(log_c)) * std::exp(-more);
  }
  [[nodiscard]] double kernel(double log_c) const {
    double const tau = tau_squared_ ? std::sqrt(tau_squared(log_c)) : 1;
    return alpha_ * kept(log_c) * tau * std::exp(-log_c);
  }

 private:
  static constexpr double spacing = 0.5;

  [[nodiscard]] double spread(double log_c) const { return variance_ + std::exp(-log_c); }
  /// The part of the exponent of kept that tau^2 brings.
  [[nodiscard]] double excess(double from, double to) const {
    return integral(from, to,
                    [&](double l) { return tau_squared(l) / 2 * std::exp(-l) / spread(l); });
  }
  [[nodiscard]] double tau_squared(double log_c) const {
    return tau_squared_(sde_.at_lambda(static_cast<double>(log_c / 2)));
  }

  std::function<double(NoiseLevel const&)> const& tau_squared_;
  Sde sde_;
  double variance_, alpha_, end_;
  std::vector<double> excess_{0};  ///< from end - k spacing to the end
};

}  // namespace

double path_error(AnySampler const& sampler, Grid const& grid, Normal const& data,
                  Normal const& start) {
  Linear scheme = linear_function(trace(sampler, grid), data);
  join(scheme.pieces);
  NoiseLevel const s = grid.level(0), t = grid.level(grid.count());
  Solution const exact(sampler, grid.sde(), data, s, t);
  double const c0 = clock_at(s.lambda()), c1 = clock_at(t.lambda());

  auto const missed = [&](Piece const& piece) {  // integral of the squared difference of kernels
    double const length = piece.to - piece.from;
    double const level = piece.increment / std::sqrt(length),
                 tilt = piece.area * std::sqrt(12 / length);
    return integral(std::log(piece.from), std::log(piece.to), [&](double log_c) {
      double const c = std::exp(log_c);
      double const difference =
          level + tilt * (0.5 - (c - piece.from) / length) - exact.kernel(log_c);
      return c * difference * difference;
    });
  };
  double square = scheme.noise, reached = c0;
  for (Piece const& piece : scheme.pieces) {
    if (piece.from > reached * (1 + 1e-12)) square += missed({reached, piece.from});
    square += missed(piece);
    reached = piece.to;
  }
  if (c1 > reached * (1 + 1e-12)) square += missed({reached, c1});
  double const slope = t.alpha() * exact.kept(std::log(c0)) / s.alpha();
  double const shift = t.alpha() * data.mean - slope * s.alpha() * data.mean;
  double const bias = (scheme.slope - slope) * start.mean + scheme.shift - shift;
  square += bias * bias + (scheme.slope - slope) * (scheme.slope - slope) * start.variance;
  return static_cast<double>(std::sqrt(square));
}

}  // namespace retrace
