// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/exponential.hpp>
#include <retrace/samplers/interpolation.hpp>
#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace retrace {

/// Zhao et al. 2023, "UniPC": the predictor UniP-p and the corrector UniC-p (Algorithms 1 to 4),
/// multistep, for the data prediction (Algorithms 5 to 8 for the noise prediction). Both are
///   x_t = sigma_t / sigma_s x - alpha_t expm1(-h) x0 - alpha_t B(h) sum_j rho_j (x0_j - x0) / r_j
/// (or the same with the parts of alpha and sigma exchanged), r_j the levels in units of the step,
/// 1 for the corrector's new evaluation, where rho solves R rho = b (eq. 5). For two and more
/// differences B(h) cancels, and this is quadrature of the interpolating polynomial against the
/// exponential. For one, the predictor of order 2 and the corrector of order 1, the paper takes rho
/// = 1/2 instead, and there `bh` shows: B_2 = expm1(-h) or B_1 = -h, for the noise expm1(h) or h.
///
/// The corrector costs no evaluation, and makes the order p + 1. As in the paper's code the last
/// step is not corrected. A full start takes Runge-Kutta steps of order p, uncorrected; for p <=
/// 2 the corrected first steps are good enough. With corrector=off the order is p.
template <int P>
struct unipc {
  static_assert(P >= 1 && P <= 3);
  Prediction prediction = Prediction::denoised;
  enum class Bh { one, two } bh = Bh::two;
  enum class Corrector { on, off } corrector = Corrector::on;
  FirstSteps start = FirstSteps::full;
  LastSteps final = LastSteps::full;

  static constexpr SamplerInfo info{
      .name = std::array{"unipc-1", "unipc-2", "unipc-3"}[P - 1],
      .summary = "UniPC: unified predictor-corrector in the log signal-to-noise ratio",
      .paper = "Zhao et al. 2023, UniPC, Algorithms 1-4",
      .order = P + 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<unipc>> options() {
    std::vector<Option<unipc>> all{
        choice_option<unipc, Prediction>(
            "prediction", &unipc::prediction,
            {{"denoised", Prediction::denoised}, {"noise", Prediction::noise}},
            "what is interpolated"),
        choice_option<unipc, Bh>("bh", &unipc::bh, {{"2", Bh::two}, {"1", Bh::one}},
                                 "B(h): expm1(+-h), or +-h"),
        choice_option<unipc, Corrector>("corrector", &unipc::corrector,
                                        {{"on", Corrector::on}, {"off", Corrector::off}},
                                        "correct each state by the next evaluation"),
        last_steps_option<unipc>()};
    if constexpr (P >= 3) all.push_back(start_option<unipc>());
    return all;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers m(P);
    struct Predicted {
      Vec from;
      NoiseLevel s;
      int p;
    };
    std::optional<Predicted> last;  // the step that may be corrected
    for (auto const [s, t, i] : grid.steps()) {
      Vec const here = answer(model, prediction, x, s);
      if (last && corrector == Corrector::on) x = update(m, last->from, last->s, s, last->p, here);
      m.add(s, here);
      if (P >= 3 && start == FirstSteps::full && !m.complete()) {
        x = starting_step(P + 1, prediction, model, grid, s, t, x);
        continue;
      }
      last = {x, s, order_at(i, grid, m.count(), final)};
      x = update(m, x, s, t, last->p, {});
    }
    return x;
  }

 private:
  /// UniP-p, or UniC-p where the model's answer at t is known.
  [[nodiscard]] Vec update(Answers const& m, Vec const& x, NoiseLevel const& s, NoiseLevel const& t,
                           int p, Vec const& there) const {
    ExponentialStep const step(prediction, s, t);
    auto nodes = m.nodes(p, t, [](auto const& u) { return u.lambda(); });
    if (there) nodes.push_back(1);
    std::vector<double> weights;
    if (nodes.size() == 2) {  // rho = 1/2
      double const phi_1 = phi(1, step.z), difference = (bh == Bh::two ? phi_1 : 1) / 2 / nodes[1];
      weights = {phi_1 - difference, difference};
    } else {
      weights = interpolatory_weights(nodes, step.moments(static_cast<int>(nodes.size())));
    }
    Vec integral;
    if (there) {
      integral = weights.back() * there;
      weights.pop_back();
    }
    return step.keep * x + step.gain * (integral + m.combined(weights));
  }
};

}  // namespace retrace
