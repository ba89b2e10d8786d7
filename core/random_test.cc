#include "core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace espalier {
namespace {

// Known-answer vectors of the authors' Random123 distribution.
TEST(Philox, MatchesPublishedVectors) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, NormalHasUnitMoments) {
  Random random(7, "test", 0, 0);
  double sum = 0, squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.015);
}

TEST(Random, StreamsDifferByEveryKeyPart) {
  std::set<uint32_t> first = {Random(1, "a", 0, 0).NextBits(), Random(2, "a", 0, 0).NextBits(),
                              Random(1, "b", 0, 0).NextBits(), Random(1, "a", 1, 0).NextBits(),
                              Random(1, "a", 0, 1).NextBits(), Random(1, "a", 0, uint64_t{1} << 32).NextBits()};
  EXPECT_EQ(first.size(), 6u);
}

TEST(Random, BelowIsInRangeAndEven) {
  Random random(3, "below", 0, 0);
  int counts[7] = {};
  for (int i = 0; i < 70000; ++i) ++counts[random.Below(7)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(PermutedIndex, IsAPermutationThatChangesWithTheEpoch) {
  for (uint64_t size : {1, 2, 3, 10, 1000, 4096, 4097}) {
    std::set<uint64_t> seen;
    int moved = 0;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t a = PermutedIndex(i, size, 5, "shuffle", 0);
      EXPECT_LT(a, size);
      seen.insert(a);
      moved += a != PermutedIndex(i, size, 5, "shuffle", 1);
    }
    EXPECT_EQ(seen.size(), size);
    if (size >= 1000) EXPECT_GT(moved, static_cast<int>(size) * 9 / 10);
  }
}

}  // namespace
}  // namespace espalier
