#include "trainer/tensorboard_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "core/random.h"

namespace espalier {
namespace {

TEST(HistogramLimits, AscendAndMirror) {
  const std::vector<double>& limits = HistogramLimits();
  const size_t size = limits.size();
  ASSERT_EQ(size % 2, 1u);
  EXPECT_EQ(limits[size / 2], 0);
  EXPECT_EQ(limits[size / 2 + 1], 1e-12);
  EXPECT_EQ(limits.back(), DBL_MAX);
  EXPECT_LT(limits[size - 2], 1e20);
  EXPECT_GE(limits[size - 2] * 1.1, 1e20);
  for (size_t i = 0; i + 1 < size; ++i) {
    EXPECT_LT(limits[i], limits[i + 1]);
    EXPECT_EQ(limits[i], -limits[size - 1 - i]);
  }
}

TEST(MakeHistogram, EveryBucketHoldsTheValuesBetweenItsLimits) {
  Random random(5, "histogram", 0, 0);
  std::vector<float> values(10000);
  for (float& value : values) value = random.Below(3) == 0 ? 0 : random.Normal();
  const tensorboard::HistogramProto histogram = MakeHistogram(values);
  ASSERT_EQ(histogram.bucket_size(), histogram.bucket_limit_size());
  double low = -INFINITY, sum = 0, squares = 0;
  for (int i = 0; i < histogram.bucket_size(); ++i) {
    int64_t count = 0;
    for (const float value : values) count += value >= low && value < histogram.bucket_limit(i);
    ASSERT_EQ(histogram.bucket(i), count) << i;
    if (i > 0) EXPECT_FALSE(histogram.bucket(i) == 0 && histogram.bucket(i - 1) == 0);
    low = histogram.bucket_limit(i);
  }
  for (const float value : values) {
    sum += value;
    squares += double{value} * value;
  }
  EXPECT_EQ(histogram.num(), 10000);
  EXPECT_EQ(histogram.sum(), sum);
  EXPECT_EQ(histogram.sum_squares(), squares);
  EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
}

TEST(MakeHistogram, ValuesWithoutANumberAreLeftOut) {
  const tensorboard::HistogramProto histogram = MakeHistogram({NAN, INFINITY, -INFINITY, 2, -FLT_MAX});
  EXPECT_EQ(histogram.num(), 2);
  EXPECT_EQ(histogram.min(), -FLT_MAX);
  EXPECT_EQ(histogram.max(), 2);
  const tensorboard::HistogramProto none = MakeHistogram({});
  EXPECT_EQ(none.num(), 0);
  EXPECT_EQ(none.min(), 0);
  EXPECT_EQ(none.max(), 0);
  EXPECT_EQ(none.bucket_size(), 1);
}

}  // namespace
}  // namespace espalier
