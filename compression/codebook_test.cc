#include "compression/codebook.h"

#include <omp.h>

#include "core/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(CodebookTest, MembersGetTheSumOfTheirGradients) {
  Codebook codebook(6);
  const uint8_t codes[] = {1, 0, 2, 1, 2, 2};
  std::copy_n(codes, 6, codebook.mutable_codes());
  std::vector<float> gradient = {1, 100, 0.5f, 2, 0.25f, -4};
  codebook.TransformGradient(gradient.data());
  EXPECT_THAT(gradient, ElementsAre(3, 0, -3.25f, 3, -3.25f, -3.25f));
}

TEST(CodebookTest, WeightsBecomeTheFirstOfTheirCode) {
  Codebook codebook(4);
  const uint8_t codes[] = {2, 0, 7, 2};
  std::copy_n(codes, 4, codebook.mutable_codes());
  std::vector<float> weights = {3, 5, -1, 4};
  EXPECT_EQ(codebook.FindViolation(weights.data()), 1);
  codebook.Project(weights.data());
  EXPECT_THAT(weights, ElementsAre(3, 0, -1, 3));
  EXPECT_EQ(codebook.FindViolation(weights.data()), -1);
  weights[3] = 3.5f;
  EXPECT_EQ(codebook.FindViolation(weights.data()), 3);
}

TEST(CodebookTest, SumsAreTheSameOnAnyNumberOfThreads) {
  constexpr int64_t kElements = 300'001;
  Codebook codebook(kElements);
  std::vector<float> gradient(kElements);
  Random random(1, "test", 0, 0);
  for (int64_t i = 0; i < kElements; ++i) {
    codebook.mutable_codes()[i] = static_cast<uint8_t>(random.Below(256));
    gradient[i] = random.Normal();
  }
  std::vector<double> expected(256);
  for (int64_t i = 0; i < kElements; ++i) expected[codebook.codes()[i]] += gradient[i];
  const int threads = omp_get_max_threads();
  std::vector<float> first;
  for (int count : {1, 2, 3}) {
    omp_set_num_threads(count);
    std::vector<float> sums = gradient;
    codebook.TransformGradient(sums.data());
    if (first.empty()) first = sums;
    EXPECT_EQ(sums, first) << count << " threads";
  }
  omp_set_num_threads(threads);
  for (int64_t i = 0; i < kElements; ++i) {
    const int code = codebook.codes()[i];
    ASSERT_NEAR(first[i], code == 0 ? 0 : expected[code], 1e-4) << i;
  }
}

}  // namespace
}  // namespace espalier
