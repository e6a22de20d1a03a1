// SPDX-License-Identifier: Apache-2.0
#include "trajectories.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace retrace::testing {
namespace {

/// The authors' uni_pc.py: multistep_uni_pc_bh_update, with predict_x0 or without, order by order,
/// with R rho = b solved.
struct UniPc {
  int order, bh;
  bool corrector, lower_order_final;
  bool runge_kutta_start = false;
  Prediction prediction = Prediction::denoised;

  /// Predicted (and corrected, where the model's answer at t is given) state at t.
  [[nodiscard]] State update(State const& x, std::vector<State> const& models,
                             std::vector<NoiseLevel> const& levels, NoiseLevel const& t, int p,
                             State const* model_t) const {
    std::size_t const n = levels.size();
    NoiseLevel const& s = levels[n - 1];
    State const& model_0 = models[n - 1];
    double const h = t.lambda() - s.lambda(), hh = prediction == Prediction::noise ? h : -h;
    std::vector<double> rks;
    std::vector<State> d1s;
    for (int i = 1; i < p; ++i) {
      std::size_t const k = n - 1 - static_cast<std::size_t>(i);
      rks.push_back((levels[k].lambda() - s.lambda()) / h);
      d1s.push_back(combine({{1 / rks.back(), models[k]}, {-1 / rks.back(), model_0}}));
    }
    rks.push_back(1);
    double const h_phi_1 = std::expm1(hh), b_h = bh == 1 ? hh : h_phi_1;
    Eigen::MatrixXd r(p, p);
    Eigen::VectorXd b(p);
    double h_phi_k = h_phi_1 / hh - 1, factorial = 1;
    for (int i = 1; i <= p; ++i) {
      for (int j = 0; j < p; ++j) r(i - 1, j) = std::pow(rks[static_cast<std::size_t>(j)], i - 1);
      b(i - 1) = h_phi_k * factorial / b_h;
      factorial *= i + 1;
      h_phi_k = h_phi_k / hh - 1 / factorial;
    }
    bool const noise = prediction == Prediction::noise;
    double const scale = noise ? t.sigma() : t.alpha();
    std::vector<std::pair<double, State>> terms{
        {noise ? t.alpha() / s.alpha() : t.sigma() / s.sigma(), x}, {-scale * h_phi_1, model_0}};
    if (model_t != nullptr) {
      Eigen::VectorXd const rho = p == 1 ? Eigen::VectorXd::Constant(1, 0.5)
                                         : Eigen::VectorXd(r.colPivHouseholderQr().solve(b));
      for (int j = 0; j + 1 < p; ++j)
        terms.emplace_back(-scale * b_h * rho(j), d1s[static_cast<std::size_t>(j)]);
      terms.emplace_back(-scale * b_h * rho(p - 1), combine({{1, *model_t}, {-1, model_0}}));
    } else if (p > 1) {
      Eigen::VectorXd const rho =
          p == 2 ? Eigen::VectorXd::Constant(1, 0.5)
                 : Eigen::VectorXd(
                       r.topLeftCorner(p - 1, p - 1).colPivHouseholderQr().solve(b.head(p - 1)));
      for (int j = 0; j + 1 < p; ++j)
        terms.emplace_back(-scale * b_h * rho(j), d1s[static_cast<std::size_t>(j)]);
    }
    return combine(terms);
  }

  [[nodiscard]] State operator()(Problem const& problem) const {
    State x = problem.start, from;
    std::vector<State> models;
    std::vector<NoiseLevel> levels;
    int p = 0;
    for (auto const [s, t, i] : problem.grid.steps()) {
      State const model = Form{prediction}.model(problem, x, s);
      if (corrector && !from.empty()) x = update(from, models, levels, s, p, &model);
      models.push_back(model);
      levels.push_back(s);
      if (runge_kutta_start && i + 1 < order) {
        x = runge_kutta(problem, Form{prediction}, order, x, s, t);
        continue;
      }
      p = std::min<int>(order, static_cast<int>(i) + 1);
      if (lower_order_final) p = std::min<int>(p, static_cast<int>(problem.grid.count() - i));
      from = x;
      x = update(x, models, levels, t, p, nullptr);
    }
    return x;
  }
};

TEST(UniPc, IsItsAuthorsCode) {
  for (char const* sde : sdes_with_drift)
    for (char const* rule : {"quadratic", "karras:final=zero"}) {
      Problem const p(sde, rule);
      auto const expect = [&](std::string const& sampler, UniPc const& code) {
        State x = code(p);
        if (p.grid.ends_clean()) x = p.denoise(x, p.grid.level(p.grid.noisy_levels() - 1));
        p.expect(sampler, x);
      };
      for (int order = 1; order <= 3; ++order)
        for (int bh : {1, 2}) {
          std::string const name = "unipc-" + std::to_string(order) + ":bh=" + std::to_string(bh);
          std::string const low = order == 3 ? ",start=low" : "";
          expect(name + low, {order, bh, true, false});
          expect(name + low + ",corrector=off", {order, bh, false, false});
          expect(name + low + ",final=low", {order, bh, true, true});
          expect(name + low + ",prediction=noise",
                 {order, bh, true, false, false, Prediction::noise});
        }
      expect("unipc-3", {3, 2, true, false, true});
      expect("unipc-3:corrector=off", {3, 2, false, false, true});
      expect("unipc-3:prediction=noise", {3, 2, true, false, true, Prediction::noise});
    }
}

}  // namespace
}  // namespace retrace::testing
