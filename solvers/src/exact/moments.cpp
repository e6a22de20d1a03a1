// SPDX-License-Identifier: Apache-2.0
#include "denoiser.hpp"

#include <retrace/exact/moments.hpp>
#include <retrace/trace/allocate.hpp>

#include <Eigen/Dense>
#include <cstddef>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using Number = long double;

/// Mean and covariance of all registers.
class Registers {
 public:
  explicit Registers(int count)
      : count_(static_cast<std::size_t>(count)),
        mean_(count_, 0),
        covariance_(count_ * count_, 0) {}

  [[nodiscard]] Number& mean(int i) { return mean_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] Number& covariance(int i, int j) {
    return covariance_[static_cast<std::size_t>(i) * count_ + static_cast<std::size_t>(j)];
  }

  /// register r = sum of terms + shift + an independent normal of that variance
  void set(int r, std::vector<std::pair<int, Number>> const& terms, Number shift, Number variance) {
    int const n = static_cast<int>(count_);
    std::vector<Number> row(count_, 0);
    for (auto const& [i, factor] : terms) {
      shift += factor * mean(i);
      for (int j = 0; j < n; ++j) row[static_cast<std::size_t>(j)] += factor * covariance(i, j);
    }
    for (auto const& [i, factor] : terms) variance += factor * row[static_cast<std::size_t>(i)];
    for (int j = 0; j < n; ++j)
      covariance(r, j) = covariance(j, r) = row[static_cast<std::size_t>(j)];
    covariance(r, r) = variance;
    mean(r) = shift;
  }

 private:
  std::size_t count_;
  std::vector<Number> mean_, covariance_;
};

}  // namespace

Moments::Moments(Normal const& data, Normal const& start)
    : data_(data), mean_{start.mean}, covariance_{start.variance} {}

void Moments::run(Program const& segment) {
  Allocation const allocation = allocate(segment, 3);
  Registers registers(allocation.registers);
  auto const carried = static_cast<int>(mean_.size());
  for (int i = 0; i < carried; ++i) {
    registers.mean(i) = mean_[static_cast<std::size_t>(i)];
    for (int j = 0; j < carried; ++j)
      registers.covariance(i, j) =
          covariance_[static_cast<std::size_t>(i) * mean_.size() + static_cast<std::size_t>(j)];
  }
  for (Instruction const& i : allocation.code) {
    std::vector<std::pair<int, Number>> terms;
    switch (i.op) {
      case Op::linear:
        for (Term const& term : i.terms()) terms.emplace_back(term.value, term.factor);
        registers.set(i.result[0], terms, 0, 0);
        break;
      case Op::normal:
        registers.set(i.result[0], {}, 0, 1);
        break;
      case Op::eval: {
        NoiseLevel const& s = segment.levels[static_cast<std::size_t>(i.level)];
        Affine const native = convert(Prediction::denoised, segment.native, s);
        auto const [shift, slope] = denoiser(data_, s);
        registers.set(i.result[0],
                      {{i.operand[0].value, i.skip + i.out * (native.skip + native.out * slope)}},
                      i.out * native.out * shift, 0);
        break;
      }
    }
  }
  mean_.clear();
  covariance_.clear();
  for (int const a : allocation.outputs) {
    mean_.push_back(registers.mean(a));
    for (int const b : allocation.outputs) covariance_.push_back(registers.covariance(a, b));
  }
}

Normal Moments::result() const {
  return {static_cast<double>(mean_[0]), static_cast<double>(covariance_[0])};
}

Normal moments(AnySampler const& sampler, Grid const& grid, Normal const& data, Normal const& start,
               Prediction native, LastNoise last_noise) {
  Moments moments(data, start);
  auto const run = [&](Program const& segment) { moments.run(segment); };
  run(trace(sampler, grid, native, last_noise, {.evaluations = 4096, .take = run}));
  return moments.result();
}

Gaussian moments(AnySampler const& sampler, Grid const& grid, Gaussian const& data,
                 Gaussian const& start) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  auto const d = static_cast<Eigen::Index>(data.mean.size());
  Eigen::SelfAdjointEigenSolver<Matrix> const solver(
      Matrix(Eigen::Map<Matrix const>(data.covariance.data(), d, d)));
  Matrix const basis = solver.eigenvectors().transpose();
  Eigen::VectorXd const mean = basis * Eigen::Map<Eigen::VectorXd const>(data.mean.data(), d);
  Eigen::VectorXd const from = basis * Eigen::Map<Eigen::VectorXd const>(start.mean.data(), d);
  Matrix const spread =
      basis * Eigen::Map<Matrix const>(start.covariance.data(), d, d) * basis.transpose();
  Eigen::VectorXd result(d), variance(d);
  for (Eigen::Index i = 0; i < d; ++i) {
    Normal const law =
        moments(sampler, grid, {mean[i], solver.eigenvalues()[i]}, Normal{from[i], spread(i, i)});
    result[i] = law.mean;
    variance[i] = law.variance;
  }
  Gaussian out{std::vector<double>(data.mean.size()), std::vector<double>(data.covariance.size())};
  Eigen::Map<Eigen::VectorXd>(out.mean.data(), d) = basis.transpose() * result;
  Eigen::Map<Matrix>(out.covariance.data(), d, d) =
      basis.transpose() * variance.asDiagonal() * basis;
  return out;
}

}  // namespace retrace
