// SPDX-License-Identifier: Apache-2.0
#include "philox_reference.hpp"

#include <retrace/core/philox.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace retrace {
namespace {

using ::retrace::testing::Counter;
using ::retrace::testing::philox_reference;

Counter words_of(Counter c, std::uint64_t seed) {
  philox(PhiloxKeys(seed), c[0], c[1], c[2], c[3]);
  return c;
}

/// The vectors of Random123's tests/kat_vectors.
struct KnownAnswer {
  Counter counter;
  std::uint64_t seed;  ///< low word first
  Counter words;
};
constexpr KnownAnswer known_answers[] = {
    {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     0xffffffffffffffff,
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     0x299f31d0a4093822,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};

TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  for (KnownAnswer const& known : known_answers) {
    EXPECT_EQ(words_of(known.counter, known.seed), known.words);
    EXPECT_EQ(philox_reference(known.counter, known.seed), known.words) << "the reference";
  }
}

TEST(Philox, FollowsThePaperForAnyCounterAndSeed) {
  std::mt19937_64 engine(1);
  for (int i = 0; i < 100000; ++i) {
    std::uint64_t const low = engine(), high = engine(), seed = engine();
    Counter const c = {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
                       static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32)};
    ASSERT_EQ(words_of(c, seed), philox_reference(c, seed));
  }
}

}  // namespace
}  // namespace retrace
