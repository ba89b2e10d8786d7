// Damages good files: every truncation, every flipped bit, and several edits at once.
#include "tests/fuzz/han2016_fuzz.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compression/import/testing/han2016_writer.h"
#include "core/random.h"

namespace espalier {
namespace {

TEST(Han2016Fuzz, GoodFilesPass) {
  for (uint64_t seed = 0; seed < 50; ++seed) EXPECT_TRUE(CheckHan2016(WriteHan2016(RandomTwoLayers(seed)))) << seed;
}

TEST(Han2016Fuzz, LayersWithoutEntriesPass) {
  std::vector<Han2016TestLayer> layers = RandomTwoLayers(1);
  for (Han2016TestLayer& layer : layers) std::fill(layer.codes.begin(), layer.codes.end(), uint8_t{0});
  EXPECT_TRUE(CheckHan2016(WriteHan2016(layers)));
}

TEST(Han2016Fuzz, EveryTruncationIsRefused) {
  const std::string bytes = WriteHan2016(RandomTwoLayers(1));
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(CheckHan2016(bytes.substr(0, size))) << size;
}

// Most of a file is floating-point numbers and codes, where a flipped bit makes another good file.
TEST(Han2016Fuzz, EveryFlippedBitIsRead) {
  std::string bytes = WriteHan2016(RandomTwoLayers(2));
  int refused = 0;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    refused += !CheckHan2016(bytes);
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
  EXPECT_GT(refused, 64);
}

TEST(Han2016Fuzz, SeveralEdits) {
  const std::string original = WriteHan2016(RandomTwoLayers(3));
  int good = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Random random(1, "han2016 edits", 0, trial);
    std::string bytes = original;
    for (int edits = 1 + random.Below(3); edits > 0; --edits) {
      const size_t at = random.Below(bytes.size() + 1);
      switch (random.Below(5)) {
        case 0:
          bytes.insert(at, original.substr(random.Below(original.size()), random.Below(16)));
          break;
        case 1:
          bytes.erase(at, random.Below(16));
          break;
        default:  // the counts, the packed codes and gaps at the end, or anywhere
          const size_t place = random.Below(3) == 0   ? random.Below(8)
                               : random.Below(2) == 0 ? bytes.size() - 1 - random.Below(bytes.size() / 8)
                                                      : random.Below(bytes.size());
          bytes[place] = static_cast<char>(random.Below(256));
          break;
      }
    }
    good += CheckHan2016(bytes);
  }
  EXPECT_GT(good, 500);
  EXPECT_LT(good, 15'000);
}

TEST(Han2016Fuzz, RandomBytes) {
  for (int trial = 0; trial < 5'000; ++trial) {
    Random random(1, "han2016 bytes", 0, trial);
    std::string bytes(random.Below(3000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
    CheckHan2016(bytes);
  }
}

}  // namespace
}  // namespace espalier
