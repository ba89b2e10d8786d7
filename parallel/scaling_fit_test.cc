#include "parallel/scaling_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espalier {
namespace {

using ::testing::HasSubstr;

constexpr double kMemory = 10e9;

// What the model itself says for a known transport.
std::vector<AllReducePoint> PointsOf(double overhead_s, double bytes_per_s, const std::vector<int>& ranks) {
  std::vector<AllReducePoint> points = {{1, 1e6, 1e6 / kMemory}, {1, 1e8, 2 * 1e8 / kMemory}};  // the first in a cache
  for (const int count : ranks) {
    Cluster cluster;
    cluster.ranks_per_host = count;
    cluster.within = {0, overhead_s, bytes_per_s, false};
    cluster.memory_bytes_per_s = kMemory;
    for (double bytes = 1024; bytes <= 64 << 20; bytes *= 4) {
      points.push_back({count, bytes, PredictAllReduce(bytes, count, cluster, {}).total_s()});
    }
  }
  return points;
}

TEST(FitSharedMemory, FindsTheParametersThatMadeThePoints) {
  const absl::StatusOr<SharedMemoryFit> fit = FitSharedMemory(PointsOf(2e-6, 4e9, {2, 4}));
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_EQ(fit->memory_bytes_per_s, kMemory);
  EXPECT_EQ(fit->all_reduces, 18);
  EXPECT_NEAR(fit->transport.overhead_s, 2e-6, 1e-11);
  EXPECT_NEAR(fit->transport.bytes_per_s, 4e9, 1e4);
  EXPECT_LT(fit->greatest_error, 1e-6);
}

TEST(FitSharedMemory, StatesItsErrors) {
  std::vector<AllReducePoint> points = PointsOf(2e-6, 4e9, {2});
  for (size_t i = 0; i < points.size(); ++i) points[i].seconds *= points[i].ranks == 1 ? 1 : i % 2 == 0 ? 1.1 : 0.9;
  const absl::StatusOr<SharedMemoryFit> fit = FitSharedMemory(points);
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->transport.bytes_per_s, 4e9, 0.5e9);
  EXPECT_GT(fit->mean_error, 0.05);
  EXPECT_GE(fit->greatest_error, fit->mean_error);
  EXPECT_LT(fit->greatest_error, 0.25);
}

TEST(FitSharedMemory, NeverFindsNegativeCosts) {
  // Small ones are faster than in proportion: caches.
  std::vector<AllReducePoint> points = PointsOf(0, 4e9, {2});
  for (AllReducePoint& point : points) point.seconds *= point.bytes < 1e5 ? 0.8 : 1;
  const absl::StatusOr<SharedMemoryFit> fit = FitSharedMemory(points);
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_EQ(fit->transport.overhead_s, 0);
  EXPECT_GT(fit->transport.bytes_per_s, 4e9);
}

TEST(FitSharedMemory, SaysWhatItCannotFit) {
  EXPECT_THAT(std::string(FitSharedMemory({}).status().message()), HasSubstr("two sizes"));
  const AllReducePoint copy = {1, 1e6, 1e-3}, small = {2, 1e3, 1e-3}, large = {2, 1e6, 1e-3};
  EXPECT_THAT(std::string(FitSharedMemory({small, large}).status().message()), HasSubstr("expected a copy"));
  EXPECT_THAT(std::string(FitSharedMemory({copy, large, {4, 1e6, 1e-3}}).status().message()), HasSubstr("two sizes"));
  EXPECT_THAT(std::string(FitSharedMemory({{1, 1e6, 1}, small, large}).status().message()),
              HasSubstr("faster than summing"));
}

TEST(ParseAllReducePoints, ReadsLinesAndCitesBadOnes) {
  const auto points = ParseAllReducePoints("# two cores\nranks,bytes,seconds\n1,1024,1e-5\n\n4,2048,0.5\n", "p.csv");
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), 2);
  EXPECT_EQ((*points)[1].ranks, 4);
  EXPECT_EQ((*points)[1].bytes, 2048);
  EXPECT_EQ((*points)[1].seconds, 0.5);
  for (const char* line : {"0,8,1", "2,8", "2,8,0", "2,-8,1", "2,8,inf", "2,8,1,1", "two,8,1"}) {
    const auto bad = ParseAllReducePoints(std::string("ranks,bytes,seconds\n") + line, "p.csv");
    EXPECT_THAT(std::string(bad.status().message()), HasSubstr("p.csv:2: expected")) << line;
  }
  EXPECT_THAT(std::string(ParseAllReducePoints("2,8,1\n", "p.csv").status().message()), HasSubstr("the header"));
}

}  // namespace
}  // namespace espalier
