// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/trace/program.hpp>

#include <memory>
#include <vector>

namespace retrace {

class Recorder;

/// A symbolic vector, as samplers compute with: a scalar times a linear combination of recorded
/// values. It becomes a value of its own only when a model needs it, so intermediate notation costs
/// nothing. Multiples share the combination: when one of them becomes a value, all refer to that
/// value, and traces do not grow without bound.
class Vec {
 public:
  Vec() = default;  ///< zero, and false
  [[nodiscard]] explicit operator bool() const { return node_ != nullptr; }

  friend Vec operator*(double a, Vec x) {
    x.scale_ *= a;
    return x;
  }
  friend Vec operator*(Vec x, double a) { return a * std::move(x); }
  friend Vec operator/(Vec x, double a) {
    x.scale_ /= a;
    return x;
  }
  friend Vec operator-(Vec x) { return -1 * std::move(x); }
  friend Vec operator+(Vec const& x, Vec const& y) { return sum(x, 1, y); }
  friend Vec operator-(Vec const& x, Vec const& y) { return sum(x, -1, y); }

 private:
  friend class Recorder;
  /// Registers itself with its recorder, which must know what is still in use when it hands on a
  /// segment.
  class Node {
   public:
    Node(Recorder& recorder, std::vector<Term> terms);
    ~Node();
    Node(Node const&) = delete;
    Node& operator=(Node const&) = delete;
    Recorder* recorder;
    std::vector<Term> terms;
    Node *before, *after = nullptr;  // the recorder's list
  };

  Vec(Recorder& recorder, std::vector<Term> terms);
  static Vec sum(Vec const& x, double factor, Vec const& y);

  std::shared_ptr<Node> node_;
  double scale_ = 1;
};

}  // namespace retrace
