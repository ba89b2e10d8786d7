#include "data/resize.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "core/random.h"

namespace espalier {
namespace {

struct Case {
  int channels, height, width;
  Box box;
  int to_height, to_width;
};

TEST(Resize, EqualsThePlainTwin) {
  const Case cases[] = {
      {3, 40, 50, {0, 0, 50, 40}, 20, 25}, {1, 17, 31, {0, 0, 31, 17}, 40, 9},
      {3, 64, 48, {5, 7, 30, 22}, 16, 16}, {2, 9, 9, {2.25f, 1.5f, 3.5f, 4.75f}, 13, 11},
      {1, 300, 7, {0, 0, 7, 300}, 3, 3},   {1, 1, 1, {0, 0, 1, 1}, 4, 5},
      {3, 33, 21, {20, 32, 1, 1}, 8, 8},   {1, 5, 5, {0, 0, 5, 5}, 1, 1},
  };
  for (const Case& c : cases) {
    std::vector<uint8_t> pixels(c.channels * c.height * c.width);
    Random random(1, "resize_test", 0, pixels.size());
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Below(256));
    const ImageView image{pixels.data(), c.channels, c.height, c.width};
    std::vector<uint8_t> fast(c.channels * c.to_height * c.to_width), plain(fast.size());
    ReadScratch scratch;
    Resize(image, c.box, c.to_height, c.to_width, &scratch, fast.data());
    ReferenceResize(image, c.box, c.to_height, c.to_width, plain.data());
    // Sums in another order may round another way.
    for (size_t i = 0; i < fast.size(); ++i) EXPECT_LE(std::abs(fast[i] - plain[i]), 1) << "pixel " << i;
  }
}

TEST(Resize, KeepsAnUnscaledBox) {
  std::vector<uint8_t> pixels(12 * 10), result(5 * 4);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(2 * i);
  ReadScratch scratch;
  Resize({pixels.data(), 1, 12, 10}, {3, 6, 4, 5}, 5, 4, &scratch, result.data());
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 4; ++x) EXPECT_EQ(result[y * 4 + x], pixels[(y + 6) * 10 + x + 3]);
  }
}

// Halving is the filter [1 3 3 1] / 8 along each axis; at the border the part inside, renormalised: [3 3 1] / 7.
TEST(Resize, HalvesWithTheTriangle) {
  const std::vector<uint8_t> row = {0, 80, 160, 240, 40, 120};
  std::vector<uint8_t> result(3);
  ReadScratch scratch;
  Resize({row.data(), 1, 1, 6}, {0, 0, 6, 1}, 1, 3, &scratch, result.data());
  EXPECT_EQ(result[0], (3 * 0 + 3 * 80 + 160 + 3) / 7);
  EXPECT_EQ(result[1], (80 + 3 * 160 + 3 * 240 + 40 + 4) / 8);
  EXPECT_EQ(result[2], (240 + 3 * 40 + 3 * 120 + 3) / 7);
}

// Every second column black: a filter without antialiasing would see only one of the two.
TEST(Resize, AveragesFineStripes) {
  std::vector<uint8_t> pixels(64 * 64), result(16 * 16);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % 2 == 0 ? 0 : 255;
  ReadScratch scratch;
  Resize({pixels.data(), 1, 64, 64}, {0, 0, 64, 64}, 16, 16, &scratch, result.data());
  for (uint8_t pixel : result) EXPECT_NEAR(pixel, 127.5, 10);
}

}  // namespace
}  // namespace espalier
