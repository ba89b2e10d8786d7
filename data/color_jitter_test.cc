#include "data/color_jitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace espalier {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(ApplyJitter, MatchesTheDefinition) {
  // Two pixels: pure red, mid grey.
  const std::vector<float> start = {1, 0.5f, 0, 0.5f, 0, 0.5f};
  const auto jittered = [&](JitterFactors factors) {
    std::vector<float> pixels = start;
    ApplyJitter(factors, 3, 2, pixels.data());
    return pixels;
  };
  EXPECT_EQ(jittered({1, 1, 1}), start);
  EXPECT_THAT(jittered({1.5f, 1, 1}), ElementsAre(1, 0.75f, 0, 0.75f, 0, 0.75f));
  const float mean = (0.299f + 0.5f) / 2;
  EXPECT_THAT(jittered({1, 0, 1}), Each(FloatNear(mean, 1e-6f)));
  EXPECT_THAT(jittered({1, 1, 0}),
              Pointwise(FloatNear(1e-6f), std::vector<float>{0.299f, 0.5f, 0.299f, 0.5f, 0.299f, 0.5f}));
}

}  // namespace
}  // namespace espalier
