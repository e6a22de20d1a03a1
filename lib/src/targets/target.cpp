// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/target.hpp>

namespace retrace {

static_assert(ExactModel<Mixture> && ExactModel<BoxMixture> && ExactModel<Target>);

int Target::dimension() const {
  return std::visit([](auto const& data) { return data.dimension(); }, kind_);
}

std::vector<double> Target::mean() const {
  return std::visit([](auto const& data) { return data.mean(); }, kind_);
}

std::vector<double> Target::covariance() const {
  return std::visit([](auto const& data) { return data.covariance(); }, kind_);
}

int Target::components() const {
  return std::visit([](auto const& data) { return static_cast<int>(data.weights().size()); },
                    kind_);
}

int Target::component_of_draw(std::uint64_t seed, std::int64_t sample) const {
  return std::visit([&](auto const& data) { return data.component_of_draw(seed, sample); }, kind_);
}

TargetAtLevel Target::at(NoiseLevel const& level) const {
  return std::visit([&](auto const& data) { return TargetAtLevel(data.at(level)); }, kind_);
}

void Target::draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const {
  std::visit([&](auto const& data) { data.draw(seed, sample, x); }, kind_);
}

void Target::draw(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
                  std::span<double> x) const {
  std::visit([&](auto const& data) { data.draw(level, seed, sample, x); }, kind_);
}

TargetAtLevel::Values TargetAtLevel::evaluate(std::span<double const> x, std::span<double> score,
                                              std::span<double> denoised,
                                              HessianProducts const& hessian) const {
  return std::visit([&](auto const& law) { return law.evaluate(x, score, denoised, hessian); },
                    kind_);
}

}  // namespace retrace
