#include "tools/class_scores.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

TEST(SoftmaxOf, SumsToOneAndDoesNotOverflow) {
  const float logits[] = {2, 3.5f, 1};
  const double sum = std::exp(2) + std::exp(3.5) + std::exp(1);
  const std::vector<float> probabilities = SoftmaxOf(logits);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(probabilities[i], std::exp(logits[i]) / sum, 1e-6);
  EXPECT_THAT(SoftmaxOf({1000, 1000, -1000}), testing::ElementsAre(0.5f, 0.5f, 0));
}

TEST(TopClasses, LikeliestFirst) {
  const float probabilities[] = {0.1f, 0.4f, 0.1f, 0.4f};
  const auto top = TopClasses(probabilities, 3);
  ASSERT_EQ(top.size(), 3);
  EXPECT_EQ(top[0].number, 1);
  EXPECT_EQ(top[1].number, 3);
  EXPECT_EQ(top[2].number, 0);
  EXPECT_EQ(top[2].probability, 0.1f);
  EXPECT_EQ(TopClasses(probabilities, 9).size(), 4);
}

}  // namespace
}  // namespace espalier
