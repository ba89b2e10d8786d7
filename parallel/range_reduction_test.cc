#include "parallel/range_reduction.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "gtest/gtest.h"
#include "parallel/testing/shard_values.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

// 0 to 5000 in odd pieces: one of a single element, an empty one, one that is left out.
std::vector<ReductionRange> OddRanges(DType wire) {
  return {{4000, 5000, wire}, {1024, 3001, wire}, {16, 17, wire}, {32, 32, wire}, {48, 1024, wire}};
}
constexpr int64_t kElements = 5000;

void Finish(Communicator* communicator, RangeReduction* reduction) {
  for (int attempt = 0; !reduction->done(); ++attempt) {
    if (!reduction->Progress()) communicator->Idle(attempt);
  }
}

// Launches range after range with more or less progress in between, as a backward pass would.
void RunStep(Communicator* communicator, RangeReduction* reduction, int ranges, uint64_t step,
             const std::vector<PartialSum>& mine, float* result) {
  Random random(step, "pace", 0, communicator->rank());
  reduction->Begin(mine, result);
  for (int range = 0; range < ranges; ++range) {
    for (uint32_t looks = random.Below(30); looks > 0; --looks) reduction->Progress();
    reduction->Launch();
    EXPECT_LE(reduction->finished(), reduction->launched());
  }
  Finish(communicator, reduction);
  EXPECT_EQ(reduction->finished(), ranges);
}

// `before`, with the sum in the ranges' place.
std::vector<float> Expected(const std::vector<float>& sum, const std::vector<ReductionRange>& ranges,
                            const std::vector<float>& before) {
  std::vector<float> expected = before;
  for (const ReductionRange& range : ranges) {
    std::copy(sum.begin() + range.begin, sum.begin() + range.end, expected.begin() + range.begin);
  }
  return expected;
}

// (workers, shards)
class RangeReductionTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(RangeReductionTest, EqualsTheTreesSumBitForBit) {
  const auto [workers, shards] = GetParam();
  std::vector<std::vector<float>> sums;
  for (uint64_t step = 0; step <= 2; ++step) sums.push_back(TreeSum(step, 0, shards, kElements));
  RunRanks(workers, {15, 3}, [&, shards = shards](Communicator& communicator) {
    for (int64_t chunk : {64, 100000}) {
      const std::vector<ReductionRange> ranges = OddRanges(DType::kF32);
      RangeReduction reduction(&communicator, ranges, {shards, chunk, 2, chunk == 64 ? 16 : 1024});
      for (uint64_t step = 0; step <= 2; ++step) {
        WorkerSums mine(step, shards, communicator.rank(), communicator.size(), kElements);
        // The sum may take the place of a part, or a place of its own.
        std::vector<float> own(kElements, 7.0f);
        std::vector<float>& result = step == 0 ? own : mine.memory.front();
        const std::vector<float> expected = Expected(sums[step], ranges, result);
        RunStep(&communicator, &reduction, static_cast<int>(ranges.size()), step, mine.sums, result.data());
        EXPECT_TRUE(result == expected) << "step " << step;
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, RangeReductionTest,
                         ::testing::Values(std::make_tuple(1, 1), std::make_tuple(2, 2), std::make_tuple(3, 3),
                                           std::make_tuple(5, 5), std::make_tuple(8, 8), std::make_tuple(1, 16),
                                           std::make_tuple(2, 16), std::make_tuple(3, 16), std::make_tuple(5, 16),
                                           std::make_tuple(8, 16), std::make_tuple(16, 16), std::make_tuple(5, 7)),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param), "Workers", std::get<1>(info.param), "Shards");
                         });

class WireTest : public ::testing::TestWithParam<DType> {};

// A part errs by half a unit in the last place of the wire's mantissa, and so does the sum; below the wire's normal
// numbers by half of its smallest.
TEST_P(WireTest, ErrsByTheWiresRoundingAndEquallyOnAllRanks) {
  const double relative = GetParam() == DType::kBF16 ? 0x1p-8 : 0x1p-11;
  const double absolute = GetParam() == DType::kBF16 ? 0 : 0x1p-25;
  for (const auto& [workers, shards] : {std::make_tuple(2, 2), std::make_tuple(3, 8), std::make_tuple(5, 5)}) {
    std::vector<std::vector<float>> results(workers, std::vector<float>(kElements));
    const std::vector<ReductionRange> ranges = {{1024, 5000, GetParam()}, {0, 1000, DType::kF32}};
    RunRanks(workers, {15, 4}, [&, shards = shards](Communicator& communicator) {
      RangeReduction reduction(&communicator, ranges, {shards, 64, 3, 16});
      for (uint64_t step = 1; step <= 2; ++step) {
        WorkerSums mine(step, shards, communicator.rank(), communicator.size(), kElements);
        RunStep(&communicator, &reduction, 2, step, mine.sums, results[communicator.rank()].data());
      }
    });
    const std::vector<float> exact = TreeSum(2, 0, shards, kElements);
    std::vector<double> magnitude(kElements);
    for (int shard = 0; shard < shards; ++shard) {
      const std::vector<float> values = ShardValues(2, shard, kElements);
      for (int64_t i = 0; i < kElements; ++i) magnitude[i] += std::fabs(values[i]);
    }
    int differing = 0;
    for (int64_t i = 1024; i < kElements; ++i) {
      // All parts and the sum are rounded once, each at most as large as the sum of magnitudes.
      const double bound = 1.01 * ((1 + 1.0 / 64) * 2 * relative * magnitude[i] + (workers + 1) * absolute);
      EXPECT_NEAR(results[0][i], exact[i], bound) << i;
      differing += results[0][i] != exact[i];
    }
    EXPECT_GT(differing, kElements / 4) << "rounding shows";
    EXPECT_TRUE(std::equal(exact.begin(), exact.begin() + 1000, results[0].begin())) << "of the range that is f32";
    for (const std::vector<float>& result : results) EXPECT_TRUE(result == results[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(Wires, WireTest, ::testing::Values(DType::kBF16, DType::kF16),
                         [](const auto& info) { return std::string(Name(info.param)); });

TEST(RangeReductionBytesTest, CountsThePayload) {
  RunRanks(2, {}, [](Communicator& communicator) {
    RangeReduction reduction(&communicator, {{0, 4096, DType::kF32}, {4096, 8192, DType::kBF16}}, {2, 512});
    std::vector<float> values(8192, 1.0f);
    const int rank = communicator.rank();
    RunStep(&communicator, &reduction, 2, 1, {{rank, rank + 1, values.data()}}, values.data());
    // Half of a range as parts, half as sums.
    EXPECT_EQ(reduction.bytes_sent(), 4096 * 4 + 4096 * 2);
    EXPECT_TRUE(values == std::vector<float>(8192, 2.0f));
  });
}

}  // namespace
}  // namespace espalier
