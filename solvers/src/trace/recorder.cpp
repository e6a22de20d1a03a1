// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/trace/recorder.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

namespace retrace {
namespace {

/// The finaliser of splitmix64 over what was mixed so far and the next word.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  std::uint64_t z = (hash ^ word) + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}
std::uint64_t mixed(std::uint64_t hash, double number) {
  return mixed(hash, std::bit_cast<std::uint64_t>(number));
}

[[noreturn]] void throw_near(std::string const& problem, double t, std::string const& reason) {
  char where[64];
  std::snprintf(where, sizeof where, " at t = %.6g", t);
  throw Error(Fault::argument, problem + where, reason);
}

/// A multiple that differs from one by rounding only, alpha * (x / alpha), is the value itself.
bool is_one(double factor) { return std::abs(factor - 1) < 1e-14; }

}  // namespace

Recorder::Recorder(Grid const& grid, Prediction native, std::int64_t last_step,
                   LastNoise last_noise, Segmentation segmentation, Draws draws)
    : grid_(grid),
      native_(native),
      last_step_(last_step),
      last_noise_(last_noise),
      segmentation_(std::move(segmentation)),
      last_t_(grid.time(0)),
      kind_of_draws_(draws) {}

Vec Recorder::vec(int value) { return {*this, {{value, 1.0}}}; }

Vec Recorder::start() {
  assert(values_.empty());
  values_.push_back({{}, {SortKey::Kind::start, 0, 0, 0}, 0});
  inputs_ = 1;
  return vec(0);
}

int Recorder::emit(Instruction const& instruction, SortKey::Kind kind, double t,
                   std::uint64_t number) {
  std::uint64_t hash = mixed(mixed(mixed(std::uint64_t(kind), t), number), instruction.skip);
  hash = mixed(hash, instruction.out);
  for (Term const& term : instruction.terms()) {
    if (!std::isfinite(term.factor))
      throw_near("a coefficient of the sampler is not finite", last_t_,
                 "the grid may leave the range in which its formulas hold (see --from and --to)");
    hash = mixed(mixed(hash, values_[static_cast<std::size_t>(term.value)].key.hash), term.factor);
  }
  std::int64_t evaluations = instruction.op == Op::eval ? 1 : 0;
  for (Term const& term : instruction.terms())
    evaluations = std::max(evaluations, history(term.value) + (instruction.op == Op::eval ? 1 : 0));
  values_.push_back({instruction, {kind, t, number, hash}, evaluations});
  return static_cast<int>(values_.size()) - 1;
}

int Recorder::materialise(Vec const& x) {
  if (!x) throw_near("a vector of the sampler is empty", last_t_, "it was never assigned");
  std::vector<Term>& terms = x.node_->terms;
  if (terms.empty()) throw_near("a vector of the sampler is zero", last_t_, "all its terms cancel");
  while (terms.size() > 1 || !is_one(x.scale_ * terms[0].factor)) {
    std::sort(terms.begin(), terms.end(), [&](Term const& a, Term const& b) {
      return values_[static_cast<std::size_t>(a.value)].key <
             values_[static_cast<std::size_t>(b.value)].key;
    });
    Instruction linear{.op = Op::linear};
    linear.operands = static_cast<int>(std::min<std::size_t>(terms.size(), max_operands));
    for (int j = 0; j < linear.operands; ++j) {
      Term const& term = terms[static_cast<std::size_t>(j)];
      linear.operand[static_cast<std::size_t>(j)] = {term.value, x.scale_ * term.factor};
    }
    terms.erase(terms.begin(), terms.begin() + linear.operands);
    terms.insert(terms.begin(), {emit(linear, SortKey::Kind::linear, 0, 0), 1 / x.scale_});
  }
  return terms[0].value;
}

Vec Recorder::evaluate(Vec const& x, NoiseLevel const& s, int condition, Prediction want) {
  assert(!s.is_clean());
  if (static_cast<std::int64_t>(levels_.size()) >= segmentation_.evaluations) hand_on_segment();
  last_t_ = s.t();
  int const input = materialise(x);
  auto const [known, is_new] = evaluated_.try_emplace(
      {input, s.t(), s.log_sigma(), condition}, Evaluated{static_cast<int>(values_.size()), want});
  Affine const to = convert(is_new ? native_ : known->second.prediction, want, s);
  if (!std::isfinite(to.skip) || !std::isfinite(to.out))
    throw_near("the model's prediction does not determine what the sampler asks for", s.t(),
               "choose a level with alpha > 0 (--from) or another prediction");
  if (!is_new) return to.skip * vec(input) + to.out * vec(known->second.value);
  Instruction eval{.op = Op::eval, .operands = 1};
  eval.operand[0] = {input, 1};
  eval.level = static_cast<int>(levels_.size());
  eval.condition = condition;
  eval.skip = to.skip;
  eval.out = to.out;
  levels_.push_back(s);
  return vec(emit(eval, SortKey::Kind::eval, s.t(), static_cast<std::uint64_t>(condition)));
}

Vec Recorder::noise(Vec const& x, NoiseLevel const& s, int condition) {
  return evaluate(x, s, condition, Prediction::noise);
}
Vec Recorder::denoised(Vec const& x, NoiseLevel const& s, int condition) {
  return evaluate(x, s, condition, Prediction::denoised);
}
Vec Recorder::score(Vec const& x, NoiseLevel const& s, int condition) {
  return evaluate(x, s, condition, Prediction::score);
}
Vec Recorder::velocity(Vec const& x, NoiseLevel const& s, int condition) {
  return evaluate(x, s, condition, Prediction::velocity);
}
Vec Recorder::flow(Vec const& x, NoiseLevel const& s, int condition) {
  if (std::isnan(s.alpha_rate()))
    throw_near("the drift of the probability-flow ODE does not exist", s.t(),
               "a discrete process has no derivatives");
  return evaluate(x, s, condition, Prediction::flow);
}

std::int64_t Recorder::step_of(NoiseLevel const& s) {
  auto const reached = [&](std::int64_t k) {
    return grid_.runs_backwards() ? grid_.time(k) >= s.t() : grid_.time(k) <= s.t();
  };
  while (step_ > 0 && !reached(step_)) --step_;
  while (step_ + 1 < grid_.noisy_levels() && reached(step_ + 1)) ++step_;
  return step_;
}

Vec Recorder::normal(NoiseLevel const& s, NoiseLevel const& t, std::int32_t k) {
  return draw(s, t, k, PathInterval::Part::increment);
}
Vec Recorder::area(NoiseLevel const& s, NoiseLevel const& t, std::int32_t k) {
  return draw(s, t, k, PathInterval::Part::area);
}

Vec Recorder::draw(NoiseLevel const& s, NoiseLevel const& t, std::int32_t k,
                   PathInterval::Part part) {
  assert(k >= 0 && k <= DrawKey::max_k);
  if (!grid_.runs_backwards())
    throw Error(Fault::argument, "a sampler that draws noise cannot run from data to noise",
                "its formulas hold in reverse time only", "take a deterministic sampler");
  DrawKey const key{step_of(s), k};
  if (last_noise_ == LastNoise::drop && key.step >= last_step_) return {};
  PathInterval interval{.part = part};
  if (s.has_lambda() && t.has_lambda() && s.lambda() < t.lambda()) {
    interval.from = s.lambda();
    interval.to = t.lambda();
    if (kind_of_draws_ == Draws::path) return on_path(interval, key.step);
  }
  return drawn({Purpose::step, key}, interval);
}

Vec Recorder::drawn(DrawName const& name, PathInterval const& interval) {
  auto const [known, is_new] = drawn_.try_emplace(name, static_cast<int>(values_.size()));
  if (!is_new) return vec(known->second);
  auto const& [purpose, key] = name;
  assert(purpose != Purpose::step || key > last_draw_before_);
  Instruction normal{.op = Op::normal};
  normal.draw = key;
  normal.purpose = purpose;
  normal.interval = interval;
  auto const kind = static_cast<std::uint64_t>(purpose) - static_cast<std::uint64_t>(Purpose::step);
  return vec(emit(normal, SortKey::Kind::normal, static_cast<double>(key.step),
                  kind << 32 | static_cast<std::uint32_t>(key.k)));
}

Vec Recorder::on_path(PathInterval const& interval, std::int64_t step) {
  if (!path_)
    path_.emplace([this](std::int64_t node, int which) {
      return drawn({Purpose::path, PathClock::key(node, which)}, {});
    });
  std::int64_t const from = PathClock::node(interval.from), to = PathClock::node(interval.to);
  if (from < 0 || to > PathClock::nodes)
    throw_near("the Brownian path ends before this level", last_t_,
               "it reaches from sigma/alpha = 8e13 down to 1e-14");
  if (from >= to)
    throw_near("two levels are too close for the Brownian path", last_t_,
               "its resolution in log(alpha/sigma) is 1e-6; take fewer steps");
  // What lies before this step is not asked for again.
  path_->forget_before(std::min(from, PathClock::node(grid_.level(step).lambda())));
  auto const [w, h] = path_->over(from, to);
  return interval.part == PathInterval::Part::increment ? w : h;
}

Program Recorder::build(std::vector<int> const& outputs, Program::Part part) {
  Program program;
  program.native = native_;
  program.inputs = inputs_;
  program.part = part;
  std::vector<int> number(values_.size(), -1);
  for (int i = 0; i < inputs_; ++i) number[static_cast<std::size_t>(i)] = i;
  program.values = inputs_;

  // Operands before results, each as late as it can be, following the data flow from the outputs:
  // the order in which the compiler happened to record does not show, and what nobody uses is left
  // out. The state comes before the noise of the step, so that few values are alive.
  auto const seen = [&](int value) { return number[static_cast<std::size_t>(value)] >= 0; };
  auto const next_of = [&](Instruction const& i) {  // the operand with the longest history first
    int next = -1;
    for (Term const& term : i.terms())
      if (!seen(term.value) && (next < 0 || history(next) < history(term.value))) next = term.value;
    return next;
  };
  std::vector<int> stack;
  for (int const output : outputs) {
    if (!seen(output)) stack.push_back(output);
    while (!stack.empty()) {
      int const value = stack.back();
      Instruction const& source = values_[static_cast<std::size_t>(value)].instruction;
      if (int const next = next_of(source); next >= 0) {
        stack.push_back(next);
        continue;
      }
      stack.pop_back();
      if (seen(value)) continue;
      Instruction done = source;
      for (Term& term : done.terms()) term.value = number[static_cast<std::size_t>(term.value)];
      if (done.op == Op::eval) {
        program.levels.push_back(levels_[static_cast<std::size_t>(source.level)]);
        done.level = static_cast<int>(program.levels.size()) - 1;
      }
      number[static_cast<std::size_t>(value)] = done.result[0] = program.values++;
      program.code.push_back(done);
    }
    program.outputs.push_back(number[static_cast<std::size_t>(output)]);
  }

  std::vector<Instruction*> draws;
  for (Instruction& i : program.code)
    if (i.op == Op::normal) draws.push_back(&i);
  std::sort(draws.begin(), draws.end(), [](Instruction const* a, Instruction const* b) {
    return std::pair(a->purpose, a->draw) < std::pair(b->purpose, b->draw);
  });
  for (Instruction* draw : draws) {
    draw->ordinals[0] = draws_before_ + program.draws++;
    if (draw->purpose == Purpose::step) last_draw_before_ = draw->draw;
  }
  draws_before_ += program.draws;
  return program;
}

Program Recorder::finish(Vec const& result) {
  return build({materialise(result)}, Program::Part::last);
}

std::vector<int> Recorder::values_in_use() const {
  std::vector<char> used(values_.size(), 0);
  for (Vec::Node const* node = nodes_; node != nullptr; node = node->after)
    for (Term const& term : node->terms) used[static_cast<std::size_t>(term.value)] = 1;
  // An evaluation whose input lives may be asked for in another parameterisation.
  for (auto const& [key, evaluated] : evaluated_)
    if (used[static_cast<std::size_t>(std::get<0>(key))] != 0)
      used[static_cast<std::size_t>(evaluated.value)] = 1;
  std::vector<int> values;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i] != 0) values.push_back(static_cast<int>(i));
  std::sort(values.begin(), values.end(), [&](int a, int b) {
    return values_[static_cast<std::size_t>(a)].key < values_[static_cast<std::size_t>(b)].key;
  });
  return values;
}

void Recorder::hand_on_segment() {
  std::vector<int> const kept = values_in_use();
  segmentation_.take(build(kept, Program::Part::more));
  std::vector<int> number(values_.size(), -1);
  std::vector<Value> values;
  for (int const value : kept) {
    number[static_cast<std::size_t>(value)] = static_cast<int>(values.size());
    values.push_back(values_[static_cast<std::size_t>(value)]);
    values.back().instruction = {};  // an input from now on; its key still sorts it
  }
  for (Vec::Node* node = nodes_; node != nullptr; node = node->after)
    for (Term& term : node->terms) term.value = number[static_cast<std::size_t>(term.value)];
  std::map<EvaluationKey, Evaluated> evaluated;
  for (auto const& [key, entry] : evaluated_) {
    auto [input, t, log_sigma, condition] = key;
    input = number[static_cast<std::size_t>(input)];
    int const value = number[static_cast<std::size_t>(entry.value)];
    if (input >= 0 && value >= 0)
      evaluated.emplace(EvaluationKey{input, t, log_sigma, condition},
                        Evaluated{value, entry.prediction});
  }
  std::map<DrawName, int> drawn;
  for (auto const& [key, value] : drawn_)
    if (int const kept_as = number[static_cast<std::size_t>(value)]; kept_as >= 0)
      drawn.emplace(key, kept_as);
  drawn_ = std::move(drawn);
  evaluated_ = std::move(evaluated);
  values_ = std::move(values);
  inputs_ = static_cast<int>(values_.size());
  levels_.clear();
}

}  // namespace retrace
