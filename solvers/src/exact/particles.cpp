// SPDX-License-Identifier: Apache-2.0
#include "particles.hpp"

#include "denoiser.hpp"
#include "split_and_thin.hpp"

#include <retrace/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace retrace {
namespace {

constexpr std::size_t nodes = 96;    ///< that the state is thinned to
constexpr double reach = 7.5;        ///< of the nodes, in standard deviations from the mean
constexpr std::size_t stencil = 12;  ///< nodes that share a particle
constexpr std::size_t most = std::size_t{1} << 22;

/// Nodes at equal distances, as many as `nodes`, around a law's mean.
struct Line {
  double first, spacing;

  Line(double mean, double deviation)
      : first(mean - reach * deviation), spacing(2 * reach * deviation / (nodes - 1)) {}
  [[nodiscard]] double node(std::size_t j) const {
    return first + spacing * static_cast<double>(j);
  }
};

}  // namespace

Particles::Particles(Program const& program, NormalMixture const& data, NoiseLevel const& level)
    : program_(program),
      data_(data),
      last_use_(static_cast<std::size_t>(program.values)),
      makers_(last_use_.size()),
      values_(last_use_.size()) {
  for (std::size_t i = 0; i < program.code.size(); ++i) {
    makers_[static_cast<std::size_t>(program.code[i].result[0])] = &program.code[i];
    for (Term const& term : program.code[i].terms())
      last_use_[static_cast<std::size_t>(term.value)] = i;
  }
  last_use_[static_cast<std::size_t>(program.outputs[0])] = program.code.size();

  NormalMixture const law = marginal(data, level);
  Normal const all = moments(law);
  // The trapezoidal rule converges faster than any power of the spacing here.
  Line const line(all.mean, std::sqrt(all.variance));
  double sum = 0;
  for (std::size_t j = 0; j < nodes; ++j) {
    double const x = line.node(j);
    double density = 0;
    for (std::size_t k = 0; k < law.parts.size(); ++k) {
      auto const [mean, variance] = law.parts[k];
      density += law.weights[k] / std::sqrt(variance) *
                 std::exp(-(x - mean) * (x - mean) / (2 * variance));
    }
    value(0).push_back(x);
    weights_.push_back(density);
    sum += density;
  }
  for (double& weight : weights_) weight /= sum;
}

void Particles::run() {
  for (std::size_t i = 0; i < program_.code.size(); ++i) {
    Instruction const& instruction = program_.code[i];
    if (instruction.op == Op::normal) continue;
    if (instruction.op == Op::eval)
      value(instruction.result[0]) = answer(instruction, value(instruction.operand[0].value));
    else
      combine(instruction);
    for (Term const& term : instruction.terms())
      if (last_use_[static_cast<std::size_t>(term.value)] == i) value(term.value) = {};
    if (instruction.op == Op::linear) thin_after(i);
  }
}

PointLaw Particles::result() const {
  return {values_[static_cast<std::size_t>(program_.outputs[0])], weights_};
}

Particles::Row Particles::answer(Instruction const& eval, Row const& x) const {
  NoiseLevel const& s = program_.levels[static_cast<std::size_t>(eval.level)];
  MixtureDenoiser const denoised(data_, s);
  Row out(x.size());
  for (std::size_t p = 0; p < x.size(); ++p) out[p] = eval.skip * x[p] + eval.out * denoised(x[p]);
  return out;
}

void Particles::split(int draw) {
  static HermiteRule const rule;
  std::size_t const before = weights_.size();
  if (before * HermiteRule::count > most)
    throw Error(Fault::argument, "the law of this sampler cannot be followed",
                "it asks for too many draws between one state and the next");
  for (Row& row : values_) {
    row.reserve(row.size() * HermiteRule::count);
    for (std::size_t k = 1; k < HermiteRule::count && !row.empty(); ++k)
      row.insert(row.end(), row.begin(), row.begin() + static_cast<std::ptrdiff_t>(before));
  }
  Row weights;
  weights.reserve(before * HermiteRule::count);
  for (std::size_t k = 0; k < HermiteRule::count; ++k) {
    value(draw).insert(value(draw).end(), before, rule.points[k]);
    for (std::size_t p = 0; p < before; ++p) weights.push_back(weights_[p] * rule.weights[k]);
  }
  weights_ = std::move(weights);
}

void Particles::combine(Instruction const& linear) {
  for (Term const& term : linear.terms())
    if (value(term.value).empty()) split(term.value);
  Row& out = value(linear.result[0]);
  out.assign(weights_.size(), 0);
  for (Term const& term : linear.terms()) {
    Row const& in = value(term.value);
    for (std::size_t p = 0; p < out.size(); ++p) out[p] += term.factor * in[p];
  }
}

void Particles::thin_after(std::size_t instruction) {
  std::vector<Instruction const*> answers;
  int const state = program_.code[instruction].result[0];
  for (std::size_t v = 0; v < values_.size(); ++v) {
    if (values_[v].empty() || static_cast<int>(v) == state) continue;
    Instruction const* const made = makers_[v];
    if (!made || made->op != Op::eval) return;
    answers.push_back(made);
  }
  if (weights_.size() > 2 * nodes * Lattice(answers.size()).size()) thin(state, answers);
}

void Particles::thin(int state, std::span<Instruction const* const> answers) {
  std::size_t const count = weights_.size(), m = answers.size();
  auto const deviation = [&](Row const& x, double mean) {
    double sum = 0;
    for (std::size_t p = 0; p < count; ++p) sum += weights_[p] * (x[p] - mean) * (x[p] - mean);
    return std::sqrt(std::max(0.0, sum));
  };
  Row const x = std::move(value(state));
  double mean = 0;
  for (std::size_t p = 0; p < count; ++p) mean += weights_[p] * x[p];
  Line const line(mean, deviation(x, mean));

  // Past answers beside what they would be at the state of now, in units of their spread.
  Lattice const lattice(m);
  std::vector<Row> away(m);
  std::vector<double> unit(m);
  for (std::size_t a = 0; a < m; ++a) {
    away[a] = answer(*answers[a], x);
    Row const& past = value(answers[a]->result[0]);
    for (std::size_t p = 0; p < count; ++p) away[a][p] = past[p] - away[a][p];
    unit[a] = deviation(away[a], 0);
    if (unit[a] == 0) unit[a] = 1;
    for (double& y : away[a]) y /= unit[a];
  }

  std::size_t const size = lattice.size();
  Row weights(nodes * size);
  std::vector<double> y(m), share(size);
  for (std::size_t p = 0; p < count; ++p) {
    double const place = (x[p] - line.first) / line.spacing;
    if (!(place > 0 && place < static_cast<double>(nodes - 1))) continue;  // weighs nothing
    std::size_t const first =
        std::min(std::max(static_cast<std::size_t>(place), stencil / 2 - 1) - (stencil / 2 - 1),
                 nodes - stencil);
    auto const along = lagrange<stencil>(place - static_cast<double>(first));
    for (std::size_t a = 0; a < m; ++a) y[a] = away[a][p];
    lattice.weights(y, share);
    for (std::size_t j = 0; j < stencil; ++j)
      for (std::size_t q = 0; q < size; ++q)
        weights[(first + j) * size + q] += weights_[p] * along[j] * share[q];
  }

  weights_ = std::move(weights);
  auto const points = lattice.points();
  Row& thinned = value(state) = {};
  for (std::size_t j = 0; j < nodes; ++j) thinned.insert(thinned.end(), size, line.node(j));
  for (std::size_t a = 0; a < m; ++a) {
    Row& past = value(answers[a]->result[0]) = answer(*answers[a], thinned);
    for (std::size_t p = 0; p < past.size(); ++p) past[p] += unit[a] * points[p % size][a];
  }
}

}  // namespace retrace
