// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/brownian_tree.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/trace/parameterisation.hpp>
#include <retrace/trace/program.hpp>
#include <retrace/trace/vec.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace retrace {

/// Whether a stochastic sampler adds noise in its last step, as the papers do, or leaves the mean.
enum class LastNoise { keep, drop };

/// What the normals of a run are: independent draws, one for each (step, k), or increments of one
/// Brownian path (core/brownian_tree.hpp), which other grids, step counts and samplers with the
/// same seed follow too.
enum class Draws { independent, path };

/// Where a recorder hands on the segments of a long run: as soon as `evaluations` have been
/// recorded, what is recorded so far goes to `take` as a Program, and recording goes on with the
/// values still in use as inputs. The last segment is what finish() returns.
struct Segmentation {
  std::int64_t evaluations = std::numeric_limits<std::int64_t>::max();
  std::function<void(Program&&)> take;
};

/// Records a sampler: what a sampler may do is what this class offers. All conventions meet here,
/// in double, once.
class Recorder {
 public:
  /// `last_step` is the number of the sampler's last step, for LastNoise::drop.
  Recorder(Grid const& grid, Prediction native, std::int64_t last_step,
           LastNoise last_noise = LastNoise::keep, Segmentation segmentation = {},
           Draws draws = Draws::independent);
  Recorder(Recorder const&) = delete;
  Recorder& operator=(Recorder const&) = delete;

  /// The state a run starts from.
  [[nodiscard]] Vec start();

  /// The model at x and level s. The same evaluation asked for in several parameterisations counts
  /// once.
  [[nodiscard]] Vec noise(Vec const& x, NoiseLevel const& s, int condition = 0);
  [[nodiscard]] Vec denoised(Vec const& x, NoiseLevel const& s, int condition = 0);
  [[nodiscard]] Vec score(Vec const& x, NoiseLevel const& s, int condition = 0);
  [[nodiscard]] Vec velocity(Vec const& x, NoiseLevel const& s, int condition = 0);
  [[nodiscard]] Vec flow(Vec const& x, NoiseLevel const& s, int condition = 0);

  /// A standard normal for the interval from s to t: draw number k of the step in which s lies.
  /// Draws are named, not counted, because C++ does not order the operands of +; the same name
  /// gives the same draw. Zero (an empty Vec) in the last step under LastNoise::drop. Where t is
  /// less noisy than s it is the normalised increment of the Brownian path between them, in the
  /// clock exp(2 lambda); samplers that integrate in another clock take it as it is. Noise that is
  /// not the reverse-time SDE's (a corrector's, churn) is asked for with t = s or noisier than s.
  [[nodiscard]] Vec normal(NoiseLevel const& s, NoiseLevel const& t, std::int32_t k = 0);
  /// The same for the path's space-time area over the interval (core/brownian_split.hpp): a
  /// standard normal, independent of the increment.
  [[nodiscard]] Vec area(NoiseLevel const& s, NoiseLevel const& t, std::int32_t k);

  /// Transfer the recording with its result.
  [[nodiscard]] Program finish(Vec const& result);

 private:
  friend class Vec;

  /// Sorts operands and outputs by what they are, never by when they were recorded.
  struct SortKey {
    enum class Kind : std::uint8_t { start, linear, eval, normal } kind;
    double t;
    std::uint64_t number;
    std::uint64_t hash;  ///< of the whole expression: decides where all else is equal
    [[nodiscard]] friend auto operator<=>(SortKey const&, SortKey const&) = default;
  };
  struct Value {
    Instruction instruction;
    SortKey key;
    std::int64_t evaluations;  ///< of the model, one after the other, that led to it
  };
  struct Evaluated {
    int value;
    Prediction prediction;
  };
  using EvaluationKey = std::tuple<int, double, double, int>;  // input, t, log sigma, condition

  using DrawName = std::pair<Purpose, DrawKey>;
  using Path = BrownianTree<Vec, std::function<Vec(std::int64_t, int)>>;

  Vec vec(int value);
  [[nodiscard]] std::int64_t history(int value) const {
    return values_[static_cast<std::size_t>(value)].evaluations;
  }
  Vec draw(NoiseLevel const& s, NoiseLevel const& t, std::int32_t k, PathInterval::Part part);
  Vec drawn(DrawName const& name, PathInterval const& interval);
  Vec on_path(PathInterval const& interval, std::int64_t step);
  int materialise(Vec const& x);
  int emit(Instruction const& instruction, SortKey::Kind kind, double t, std::uint64_t number);
  Vec evaluate(Vec const& x, NoiseLevel const& s, int condition, Prediction want);
  std::int64_t step_of(NoiseLevel const& s);
  Program build(std::vector<int> const& outputs, Program::Part part);
  std::vector<int> values_in_use() const;
  void hand_on_segment();

  Grid const& grid_;
  Prediction native_;
  std::int64_t last_step_;
  LastNoise last_noise_;
  Segmentation segmentation_;

  std::vector<Value> values_;
  int inputs_ = 0;
  std::vector<NoiseLevel> levels_;
  std::map<EvaluationKey, Evaluated> evaluated_;
  std::map<DrawName, int> drawn_;
  std::int64_t draws_before_ = 0;  // in the segments handed on
  DrawKey last_draw_before_{-1, 0};
  std::int64_t step_ = 0;  // where step_of() last was
  double last_t_;          // of the last evaluation, for messages
  Draws kind_of_draws_;
  Vec::Node* nodes_ = nullptr;  // all that live, a list
  std::optional<Path> path_;    // under Draws::path; holds nodes
};

}  // namespace retrace
