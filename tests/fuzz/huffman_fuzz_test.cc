// Mutates good blocks, and makes heads of code lengths that fit and streams that do not.
#include "tests/fuzz/huffman_fuzz.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compression/coding/huffman.h"
#include "core/random.h"

namespace espalier {
namespace {

std::vector<uint8_t> SomeSymbols(Random* random, int64_t count) {
  const int limit = 2 + random->Below(random->Below(2) == 0 ? 8 : 254);
  std::vector<uint8_t> symbols(count);
  for (uint8_t& symbol : symbols) symbol = random->Below(1 + random->Below(limit));
  return symbols;
}

std::string Mutate(std::string block, Random* random) {
  for (int edits = random->Below(3); edits > 0 && !block.empty(); --edits) {
    // The head has the first bytes; the ends of streams are where too much or too little is found.
    const size_t at = random->Below(2) == 0 ? random->Below(block.size()) : random->Below(1 + block.size() / 8);
    switch (random->Below(5)) {
      case 0:
        block[at] = static_cast<char>(random->Below(256));
        break;
      case 1:
        block.erase(at, 1);
        break;
      case 2:
        block.insert(at, 1, static_cast<char>(random->Below(256)));
        break;
      default:
        block[at] ^= 1 << random->Below(8);
        break;
    }
  }
  return block;
}

TEST(HuffmanFuzz, MutatedBlocks) {
  int good = 0;
  constexpr int kRuns = 20000;
  for (int i = 0; i < kRuns; ++i) {
    Random random(1, "mutated blocks", 0, i);
    const std::vector<uint8_t> symbols = SomeSymbols(&random, random.Below(i % 10 == 0 ? 1000 : 60));
    const int64_t off = random.Below(10) == 0 ? random.Below(3) : 0;
    good += CheckHuffmanBlock(Mutate(HuffmanEncode(symbols), &random), symbols.size() + off);
  }
  EXPECT_GT(good, kRuns / 4);
  EXPECT_LT(good, kRuns * 3 / 4);
}

TEST(HuffmanFuzz, MutatedBlocksOfManyStreams) {
  int good = 0;
  constexpr int kRuns = 60;
  for (int i = 0; i < kRuns; ++i) {
    Random random(1, "many streams", 0, i);
    const std::vector<uint8_t> symbols = SomeSymbols(&random, 32768 + random.Below(5000));
    good += CheckHuffmanBlock(Mutate(HuffmanEncode(symbols), &random), symbols.size());
  }
  EXPECT_GT(good, kRuns / 4);
  EXPECT_LT(good, kRuns * 3 / 4);
}

TEST(HuffmanFuzz, RandomBytes) {
  for (int i = 0; i < 20000; ++i) {
    Random random(1, "random bytes", 0, i);
    std::string block(random.Below(80), '\0');
    for (char& byte : block) byte = static_cast<char>(random.Below(256));
    CheckHuffmanBlock(block, random.Below(200));
  }
}

TEST(HuffmanFuzz, RoundTrips) {
  for (int i = 0; i < 5000; ++i) {
    Random random(1, "round trips", 0, i);
    CheckHuffmanRoundTrip(SomeSymbols(&random, random.Below(300)));
  }
}

}  // namespace
}  // namespace espalier
