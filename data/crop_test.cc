#include "data/crop.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"

namespace espalier {
namespace {

TEST(CropAndNormalize, EqualsThePlainTwin) {
  std::vector<uint8_t> pixels(3 * 20 * 30);
  Random random(1, "crop_test", 0, 0);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Below(256));
  const ImageView image{pixels.data(), 3, 20, 30};
  const float scale[] = {0.5f, 2, -1}, shift[] = {1, -3, 0.25f};
  for (int x : {-40, -4, 0, 3, 12, 40}) {
    for (int y : {-40, -5, 0, 4, 40}) {
      for (bool flip : {false, true}) {
        const Window window{x, y, 16, 18, flip};
        std::vector<float> fast(3 * 16 * 18), plain(fast.size());
        CropAndNormalize(image, window, scale, shift, fast.data());
        ReferenceCropAndNormalize(image, window, scale, shift, plain.data());
        ASSERT_EQ(fast, plain) << x << ", " << y << (flip ? " flipped" : "");
      }
    }
  }
}

}  // namespace
}  // namespace espalier
