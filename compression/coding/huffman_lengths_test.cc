#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "compression/coding/huffman.h"
#include "core/random.h"

namespace espalier {
namespace {

uint64_t Cost(const std::vector<uint64_t>& counts, const std::vector<uint8_t>& lengths) {
  uint64_t bits = 0;
  for (size_t i = 0; i < counts.size(); ++i) bits += counts[i] * lengths[i];
  return bits;
}

// The sum of 2^-length in units of 2^-max_length.
int64_t KraftSum(const std::vector<uint8_t>& lengths, int max_length) {
  int64_t sum = 0;
  for (uint8_t length : lengths) sum += length == 0 ? 0 : int64_t{1} << (max_length - length);
  return sum;
}

// The least cost of all lengths that a prefix code can have, tried one by one.
uint64_t LeastCost(const std::vector<uint64_t>& counts, int max_length) {
  uint64_t least = std::numeric_limits<uint64_t>::max();
  std::vector<uint8_t> lengths(counts.size(), 1);
  while (true) {
    if (KraftSum(lengths, max_length) <= int64_t{1} << max_length) least = std::min(least, Cost(counts, lengths));
    size_t i = 0;
    while (i < lengths.size() && lengths[i] == max_length) lengths[i++] = 1;
    if (i == lengths.size()) return least;
    ++lengths[i];
  }
}

TEST(HuffmanLengths, AreOptimalUnderTheLimit) {
  for (int i = 0; i < 300; ++i) {
    Random random(1, "counts", 0, i);
    const int max_length = 2 + random.Below(3);
    const int symbols = 2 + random.Below(std::min(4, (1 << max_length) - 1));
    std::vector<uint64_t> counts(symbols);
    for (uint64_t& count : counts) count = 1 + random.Below(1 << random.Below(12));
    const std::vector<uint8_t> lengths = HuffmanLengths(counts, max_length);
    EXPECT_EQ(KraftSum(lengths, max_length), 1 << max_length);
    EXPECT_EQ(Cost(counts, lengths), LeastCost(counts, max_length));
  }
}

TEST(HuffmanLengths, AreThoseOfHuffmansTreeWhereTheLimitDoesNotBind) {
  EXPECT_EQ(HuffmanLengths({45, 13, 12, 16, 9, 5}, 11), (std::vector<uint8_t>{1, 3, 3, 3, 4, 4}));
}

TEST(HuffmanLengths, KeepTheLimit) {
  std::vector<uint64_t> fibonacci = {1, 1};
  while (fibonacci.size() < 40) fibonacci.push_back(fibonacci.end()[-1] + fibonacci.end()[-2]);
  for (int max_length : {6, 8, 11, 31}) {
    const std::vector<uint8_t> lengths = HuffmanLengths(fibonacci, max_length);
    EXPECT_EQ(*std::max_element(lengths.begin(), lengths.end()), max_length);
    EXPECT_EQ(KraftSum(lengths, max_length), int64_t{1} << max_length);
  }
  EXPECT_EQ(HuffmanLengths(std::vector<uint64_t>(256, 7), 8), std::vector<uint8_t>(256, 8));
}

TEST(HuffmanLengths, AreZeroForWhatNeedsNoCode) {
  EXPECT_EQ(HuffmanLengths({}, 11), std::vector<uint8_t>());
  EXPECT_EQ(HuffmanLengths({0, 0}, 11), (std::vector<uint8_t>{0, 0}));
  EXPECT_EQ(HuffmanLengths({0, 5, 0}, 11), (std::vector<uint8_t>{0, 0, 0}));
  EXPECT_EQ(HuffmanLengths({0, 5, 0, 1}, 11), (std::vector<uint8_t>{0, 1, 0, 1}));
}

}  // namespace
}  // namespace espalier
