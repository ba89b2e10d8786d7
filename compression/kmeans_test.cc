#include "compression/kmeans.h"

#include <algorithm>
#include <limits>

#include "core/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

std::vector<float> Normal(int count, uint64_t seed) {
  Random random(seed, "test", 0, 0);
  std::vector<float> values(count);
  for (float& value : values) value = random.Normal();
  return values;
}

// The smallest cost over all ways to cut the sorted values: the plain twin of the optimum.
double SmallestCost(std::vector<float> values, int clusters) {
  std::sort(values.begin(), values.end());
  const int n = static_cast<int>(values.size());
  std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
  best[0] = 0;
  for (int k = 0; k < std::min(clusters, n); ++k) {
    std::vector<double> next(n + 1, std::numeric_limits<double>::infinity());
    for (int end = 1; end <= n; ++end) {
      for (int begin = 0; begin < end; ++begin) {
        double mean = 0, cost = 0;
        for (int i = begin; i < end; ++i) mean += values[i];
        mean /= end - begin;
        for (int i = begin; i < end; ++i) cost += (values[i] - mean) * (values[i] - mean);
        next[end] = std::min(next[end], best[begin] + cost);
      }
    }
    best = next;
  }
  return best[n];
}

TEST(KMeansTest, FindsClustersThatLieApart) {
  for (KMeansStart start : {KMeansStart::kLinear, KMeansStart::kPlusPlus, KMeansStart::kOptimal}) {
    EXPECT_THAT(KMeans({5, 1, 1.5f, 5.5f, 9, 10}, {3, start}), ElementsAre(1.25f, 5.25f, 9.5f));
  }
}

TEST(KMeansTest, TheOptimumIsTheSmallestCostOfAllCuts) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<float> values = Normal(3 + static_cast<int>(seed), seed);
    for (int clusters : {1, 2, 3, 5}) {
      const double cost = KMeansCost(values, KMeans(values, {clusters, KMeansStart::kOptimal}));
      EXPECT_NEAR(cost, SmallestCost(values, clusters), 1e-5) << "seed " << seed << ", " << clusters << " clusters";
    }
  }
}

TEST(KMeansTest, NoStartBeatsTheOptimum) {
  const std::vector<float> values = Normal(2000, 7);
  const double optimum = KMeansCost(values, KMeans(values, {16, KMeansStart::kOptimal}));
  for (KMeansStart start :
       {KMeansStart::kLinear, KMeansStart::kDensity, KMeansStart::kRandom, KMeansStart::kPlusPlus}) {
    const double cost = KMeansCost(values, KMeans(values, {16, start}));
    EXPECT_GE(cost, optimum * (1 - 1e-6));
    EXPECT_LE(cost, optimum * 2);
  }
}

TEST(KMeansTest, CentroidsAreTheMeansOfWhatIsNearest) {
  const std::vector<float> values = Normal(5000, 3);
  const std::vector<float> centroids = KMeans(values, {32, KMeansStart::kLinear});
  std::vector<uint8_t> nearest(values.size());
  NearestCentroids(values, centroids, nearest.data());
  std::vector<double> sum(centroids.size()), count(centroids.size());
  for (size_t i = 0; i < values.size(); ++i) {
    sum[nearest[i]] += values[i];
    count[nearest[i]] += 1;
  }
  for (size_t i = 0; i < centroids.size(); ++i) {
    ASSERT_GT(count[i], 0);
    EXPECT_NEAR(centroids[i], sum[i] / count[i], 1e-5) << i;
  }
}

TEST(KMeansTest, NearestIsWhatASearchThroughAllFinds) {
  for (int clusters : {1, 2, 3, 17, 255, 256}) {
    std::vector<float> centroids = Normal(clusters, 5);
    std::sort(centroids.begin(), centroids.end());
    const std::vector<float> values = Normal(1000, 6);
    std::vector<uint8_t> nearest(values.size());
    NearestCentroids(values, centroids, nearest.data());
    for (size_t i = 0; i < values.size(); ++i) {
      int best = 0;
      for (int c = 1; c < clusters; ++c) {
        if (std::abs(values[i] - centroids[c]) < std::abs(values[i] - centroids[best])) best = c;
      }
      ASSERT_EQ(nearest[i], best) << values[i] << " of " << clusters;
    }
  }
}

TEST(KMeansTest, FewValuesHaveFewCentroids) {
  for (KMeansStart start : {KMeansStart::kLinear, KMeansStart::kDensity, KMeansStart::kRandom, KMeansStart::kPlusPlus,
                            KMeansStart::kOptimal}) {
    EXPECT_THAT(KMeans({2, 2, 2}, {4, start}), ElementsAre(2));
    EXPECT_THAT(KMeans({-1}, {1, start}), ElementsAre(-1));
    EXPECT_THAT(KMeans({-1, 3, 3, -1}, {2, start}), ElementsAre(-1, 3));
  }
}

TEST(KMeansTest, TheOrderOfTheValuesDoesNotMatter) {
  std::vector<float> values = Normal(3000, 9);
  const std::vector<float> before = KMeans(values, {8, KMeansStart::kPlusPlus, 4});
  std::reverse(values.begin(), values.end());
  EXPECT_EQ(KMeans(values, {8, KMeansStart::kPlusPlus, 4}), before);
}

}  // namespace
}  // namespace espalier
