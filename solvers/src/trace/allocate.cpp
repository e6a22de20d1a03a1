// SPDX-License-Identifier: Apache-2.0
#include <retrace/trace/allocate.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace retrace {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// Puts every draw into the first instruction that draws from its block.
std::vector<Instruction> with_shared_blocks(Program const& program, std::int64_t dimension) {
  int const shared = DrawBlock::steps_per_block(dimension);
  std::vector<Instruction> code;
  std::map<std::tuple<Purpose, std::int64_t, std::int32_t>, std::size_t> where;
  for (Instruction const& i : program.code) {
    if (i.op != Op::normal) {
      code.push_back(i);
      continue;
    }
    std::int64_t const group = i.draw.step / shared;
    auto const slot = static_cast<std::size_t>(i.draw.step % shared);
    auto const [known, is_new] = where.try_emplace({i.purpose, group, i.draw.k}, code.size());
    if (is_new) {
      Instruction block{.op = Op::normal};
      block.draw = {group * shared, i.draw.k};
      block.purpose = i.purpose;
      code.push_back(block);
    }
    Instruction& block = code[known->second];
    block.result[slot] = i.result[0];
    block.ordinals[slot] = i.ordinals[0];
  }
  return code;
}

}  // namespace

Allocation allocate(Program const& program, std::int64_t dimension) {
  Allocation allocation;
  allocation.code = with_shared_blocks(program, dimension);
  constexpr int forever = std::numeric_limits<int>::max();
  std::vector<int> last(at(program.values), -1), place(at(program.values), -1), free;
  for (std::size_t k = 0; k < allocation.code.size(); ++k)
    for (Term const& term : allocation.code[k].terms()) last[at(term.value)] = static_cast<int>(k);
  for (int const output : program.outputs) last[at(output)] = forever;

  auto const take = [&] {
    if (free.empty()) return allocation.registers++;
    int const r = free.back();
    free.pop_back();
    return r;
  };
  for (int i = 0; i < program.inputs; ++i) place[at(i)] = take();
  for (std::size_t k = 0; k < allocation.code.size(); ++k) {
    Instruction& i = allocation.code[k];
    std::vector<int> ending;
    for (Term& term : i.terms()) {
      if (last[at(term.value)] == static_cast<int>(k)) ending.push_back(place[at(term.value)]);
      term.value = place[at(term.value)];
    }
    std::sort(ending.begin(), ending.end());
    ending.erase(std::unique(ending.begin(), ending.end()), ending.end());
    free.insert(free.end(), ending.begin(), ending.end());
    for (int& result : i.result)
      if (result >= 0) result = place[at(result)] = take();
  }
  for (int const output : program.outputs) allocation.outputs.push_back(place[at(output)]);
  return allocation;
}

}  // namespace retrace
