// SPDX-License-Identifier: Apache-2.0
#include "denoiser.hpp"

#include <retrace/core/error.hpp>
#include <retrace/exact/path_error.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

using Number = long double;

/// What a part of the path, from clock a to b, contributes to a result: the factors of its unit
/// increment and of its unit area.
struct Piece {
  Number from, to, increment = 0, area = 0;
};

/// A result as a linear function: slope start + shift + sum over pieces + independent noise.
struct Linear {
  Number slope = 0, shift = 0, noise = 0;  ///< noise: a variance
  std::vector<Piece> pieces;               ///< by clock
};

Number clock_at(double lambda) { return std::exp(2 * Number(lambda)); }

/// Goes through the program backwards: weights of values become weights of their operands.
Linear linear_function(Program const& program, Normal const& data) {
  Linear result;
  std::vector<Number> weight(static_cast<std::size_t>(program.values), 0);
  weight[static_cast<std::size_t>(program.outputs[0])] = 1;
  for (auto i = program.code.rbegin(); i != program.code.rend(); ++i) {
    Number const w = weight[static_cast<std::size_t>(i->result[0])];
    switch (i->op) {
      case Op::linear:
        for (Term const& term : i->terms())
          weight[static_cast<std::size_t>(term.value)] += w * term.factor;
        break;
      case Op::eval: {
        auto const [shift, slope] =
            denoiser(data, program.levels[static_cast<std::size_t>(i->level)]);
        result.shift += w * i->out * shift;
        weight[static_cast<std::size_t>(i->operand[0].value)] += w * (i->skip + i->out * slope);
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
    if (!joined.empty() && piece.from < joined.back().to * (1 - 1e-12L))
      throw Error(Fault::argument, "two draws of the sampler share a part of the Brownian path",
                  "a strong error supposes that every draw is an increment of its own");
    joined.push_back(piece);
  }
  pieces = std::move(joined);
}

}  // namespace

double path_error(AnySampler const& sampler, Grid const& grid, Normal const& data,
                  Normal const& start) {
  Linear scheme = linear_function(trace(sampler, grid), data);
  join(scheme.pieces);

  NoiseLevel const s = grid.level(0), t = grid.level(grid.count());
  Number const precision = 1 / Number(data.variance), mean = data.mean;
  Number const c0 = clock_at(s.lambda()), c1 = clock_at(t.lambda());
  Number const out = Number(t.alpha()) / c1;
  Number const gain =
      out * (c1 + precision) / (c0 + precision);  // D_0 = (m / v + w_0) / (c0 + 1/v)
  Number const slope = gain * c0 / s.alpha();
  Number const shift = (gain - out) * mean * precision;
  auto const kernel = [&](Number c) { return out * (c1 + precision) / (c + precision); };

  using boost::math::quadrature::gauss;
  auto const missed = [&](Piece const& piece) {  // integral of the squared difference of kernels
    Number const length = piece.to - piece.from;
    Number const level = piece.increment / std::sqrt(length),
                 tilt = piece.area * std::sqrt(12 / length);
    return gauss<Number, 15>::integrate(
        [&](Number c) {
          Number const difference = level + tilt * (0.5L - (c - piece.from) / length) - kernel(c);
          return difference * difference;
        },
        piece.from, piece.to);
  };
  Number square = scheme.noise, reached = c0;
  for (Piece const& piece : scheme.pieces) {
    if (piece.from > reached) square += missed({reached, piece.from});
    square += missed(piece);
    reached = piece.to;
  }
  if (c1 > reached * (1 + 1e-12L)) square += missed({reached, c1});
  Number const bias = (scheme.slope - slope) * start.mean + scheme.shift - shift;
  square += bias * bias + (scheme.slope - slope) * (scheme.slope - slope) * start.variance;
  return static_cast<double>(std::sqrt(square));
}

}  // namespace retrace
