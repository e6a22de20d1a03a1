// SPDX-License-Identifier: Apache-2.0
#include <retrace/trace/recorder.hpp>
#include <retrace/trace/vec.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace retrace {

Vec::Node::Node(Recorder& r, std::vector<Term> t)
    : recorder(&r), terms(std::move(t)), before(nullptr), after(r.nodes_) {
  if (after != nullptr) after->before = this;
  r.nodes_ = this;
}

Vec::Node::~Node() {
  (before != nullptr ? before->after : recorder->nodes_) = after;
  if (after != nullptr) after->before = before;
}

Vec::Vec(Recorder& recorder, std::vector<Term> terms)
    : node_(std::make_shared<Node>(recorder, std::move(terms))) {}

Vec Vec::sum(Vec const& x, double factor, Vec const& y) {
  if (!y) return x;
  if (!x) return factor * y;
  assert(x.node_->recorder == y.node_->recorder);
  std::vector<Term> terms = x.node_->terms;
  for (Term& term : terms) term.factor *= x.scale_;
  for (Term const& term : y.node_->terms) {
    double const added = factor * y.scale_ * term.factor;
    auto const same = std::find_if(terms.begin(), terms.end(),
                                   [&](Term const& t) { return t.value == term.value; });
    if (same == terms.end())
      terms.push_back({term.value, added});
    else
      same->factor += added;
  }
  std::erase_if(terms, [](Term const& term) { return term.factor == 0; });
  Vec result(*x.node_->recorder, std::move(terms));
  if (result.node_->terms.size() > static_cast<std::size_t>(max_operands))
    (void)result.node_->recorder->materialise(result);
  return result;
}

}  // namespace retrace
