#include "tools/weight_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <cfloat>
#include <cmath>
#include <map>

#include "core/random.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

WeightHistogram HistogramOf(const std::vector<float>& weights) {
  WeightHistogram histogram;
  CountWeights(weights, &histogram);
  return histogram;
}

std::map<int64_t, int64_t> FilledBins(const WeightHistogram& histogram) {
  std::map<int64_t, int64_t> bins;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    if (histogram.counts[i] > 0) bins[histogram.first + static_cast<int64_t>(i)] = histogram.counts[i];
  }
  return bins;
}

std::vector<float> RandomWeights(size_t count) {
  Random random(3, "weight histogram", 0, 0);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = random.Uniform() < 0.5f ? 0.0f : random.Normal() * 0.1f;
  return weights;
}

TEST(WeightHistogram, CountsEachWeightInItsBinOnAnyNumberOfThreads) {
  const std::vector<float> weights = RandomWeights(100'003);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const WeightHistogram alone = HistogramOf(weights);
  omp_set_num_threads(3);
  const WeightHistogram histogram = HistogramOf(weights);
  omp_set_num_threads(threads);
  EXPECT_EQ(ToJson(alone), ToJson(histogram));

  EXPECT_EQ(histogram.elements, 100'003);
  std::map<int64_t, int64_t> expected;
  int64_t zeros = 0;
  double largest = 0;
  for (const float weight : weights) {
    largest = std::max(largest, std::fabs(double{weight}));
    if (weight == 0) {
      ++zeros;
    } else {
      ++expected[static_cast<int64_t>(std::floor(weight / histogram.width))];
    }
  }
  EXPECT_EQ(histogram.zeros, zeros);
  EXPECT_EQ(FilledBins(histogram), expected);
  EXPECT_LT(largest, 128 * histogram.width);
  EXPECT_GE(largest, 64 * histogram.width);
}

TEST(WeightHistogram, BinsBeginAtMultiplesOfTheirWidth) {
  const WeightHistogram histogram = HistogramOf({-1, -0.5f, -1e-20f, 0, -0.0f, 1e-20f, 0.5f, 1});
  EXPECT_EQ(histogram.width, 1.0 / 64);
  EXPECT_EQ(histogram.zeros, 2);
  EXPECT_EQ(FilledBins(histogram), (std::map<int64_t, int64_t>{{-64, 1}, {-32, 1}, {-1, 1}, {0, 1}, {32, 1}, {64, 1}}));
  EXPECT_EQ(histogram.first, -64);
}

TEST(WeightHistogram, ExtremeWeights) {
  EXPECT_TRUE(HistogramOf({}).counts.empty());
  EXPECT_EQ(HistogramOf({0, 0}).zeros, 2);
  const WeightHistogram odd = HistogramOf({NAN, INFINITY, -INFINITY, 2});
  EXPECT_EQ(odd.elements, 4);
  EXPECT_THAT(odd.counts, ElementsAre(1));
  const WeightHistogram largest = HistogramOf({FLT_MAX, -FLT_MAX});
  EXPECT_EQ(FilledBins(largest), (std::map<int64_t, int64_t>{{-128, 1}, {127, 1}}));
  EXPECT_EQ(FilledBins(HistogramOf({1e-45f})), (std::map<int64_t, int64_t>{{0, 1}}));
  for (const WeightHistogram& histogram : {odd, largest, HistogramOf({1e-45f})}) {
    EXPECT_TRUE(ParseWeightHistogram(ToJson(histogram)).ok());
  }
}

TEST(WeightHistogram, WiderBinsAreSumsOfNarrowOnes) {
  const std::vector<float> weights = RandomWeights(1000);
  const WeightHistogram histogram = HistogramOf(weights);
  for (const double factor : {1.0, 2.0, 8.0, 1024.0}) {
    const WeightHistogram wide = InBinsOf(histogram.width * factor, histogram);
    std::map<int64_t, int64_t> expected;
    for (const float weight : weights) {
      if (weight != 0) ++expected[static_cast<int64_t>(std::floor(weight / wide.width))];
    }
    EXPECT_EQ(FilledBins(wide), expected) << factor;
    EXPECT_EQ(wide.zeros, histogram.zeros);
  }
}

TEST(WeightHistogram, TextReadsBack) {
  WeightHistogram histogram = HistogramOf(RandomWeights(1000));
  histogram.step = 1875;
  histogram.epoch = 1.5;
  histogram.phase = "a \"phase\"\n";
  histogram.moment = WeightHistogram::Moment::kValidation;
  histogram.parameter = "fc1/weight";
  const std::string line = ToJson(histogram);
  const auto read = ParseWeightHistogram(line);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), line);
  EXPECT_EQ(read->phase, histogram.phase);
  EXPECT_EQ(read->moment, histogram.moment);
  EXPECT_EQ(read->counts, histogram.counts);
}

std::string ErrorOf(const std::string& from, const std::string& to) {
  std::string line =
      R"({"step":1,"epoch":1,"phase":"p","moment":"end","parameter":"w","elements":9,"zeros":2,"width":0.5,)"
      R"("first":-3,"counts":[1,0,6]})";
  EXPECT_TRUE(ParseWeightHistogram(line).ok());
  line.replace(line.find(from), from.size(), to);
  return ParseWeightHistogram(line).status().ToString();
}

TEST(WeightHistogram, TrustsNoLine) {
  EXPECT_THAT(ErrorOf("[1,0,6]", "[1,0,7]"), HasSubstr("at most 9 elements, found 7 where 6 are left"));
  EXPECT_THAT(ErrorOf("[1,0,6]", "[1,0,-6]"), HasSubstr("found -6"));
  EXPECT_THAT(ErrorOf("[1,0,6]", "[1,0,9223372036854775807]"), HasSubstr("found 9223372036854775807"));
  EXPECT_THAT(ErrorOf("\"first\":-3", "\"first\":-129"), HasSubstr("found 3 from -129 on"));
  EXPECT_THAT(ErrorOf("\"first\":-3", "\"first\":126"), HasSubstr("found 3 from 126 on"));
  EXPECT_THAT(ErrorOf("\"first\":-3", "\"first\":-9223372036854775808"), HasSubstr("from -9223372036854775808 on"));
  EXPECT_THAT(ErrorOf("0.5", "0.7"), HasSubstr("a power of two"));
  EXPECT_THAT(ErrorOf("0.5", "\"Infinity\""), HasSubstr("a power of two"));
  EXPECT_THAT(ErrorOf("0.5", "-0.5"), HasSubstr("a power of two"));
  EXPECT_THAT(ErrorOf("\"end\"", "\"middle\""), HasSubstr("instead of \"middle\""));
  EXPECT_THAT(ErrorOf("\"zeros\":2,", ""), HasSubstr("the key \"zeros\""));
  std::string many = "0";
  for (int i = 0; i < 300; ++i) many += ",0";
  EXPECT_THAT(ErrorOf("[1,0,6]", "[" + many + "]"), HasSubstr("at most 256 counts"));
}

}  // namespace
}  // namespace espalier
