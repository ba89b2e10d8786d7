#include "parallel/channel_reducer.h"

#include <atomic>
#include <cmath>

#include "core/random.h"
#include "gtest/gtest.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

// Numbers of very different sizes, so that the order of their sum shows in its bits.
std::vector<double> ValuesOf(int rank, int call, int64_t count) {
  Random random(1, "values", rank, call);
  std::vector<double> values(count);
  for (double& value : values) value = (random.Uniform() - 0.5) * std::pow(10.0, 12 * random.Uniform());
  return values;
}

std::vector<double> SumsInOrder(int ranks, int call, int64_t count) {
  std::vector<double> sums(count, 0.0);
  for (int rank = 0; rank < ranks; ++rank) {
    const std::vector<double> values = ValuesOf(rank, call, count);
    for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
  }
  return sums;
}

TEST(ChannelReducerTest, AddsInTheOrderOfTheRanks) {
  constexpr int64_t kCounts[] = {1, 33, 2000, 0, 7};
  for (int ranks = 1; ranks <= 7; ++ranks) {
    ThreadRankOptions options;
    options.maximum_delay = 5;
    options.seed = ranks;
    RunRanks(ranks, options, [&](Communicator& communicator) {
      CommunicatorChannelReducer reducer(&communicator, nullptr);
      for (int call = 0; call < 5; ++call) {
        std::vector<double> values = ValuesOf(communicator.rank(), call, kCounts[call]);
        reducer.AllReduce(values.data(), kCounts[call]);
        EXPECT_EQ(values, SumsInOrder(ranks, call, kCounts[call])) << "rank " << communicator.rank() << " of " << ranks;
      }
    });
  }
}

TEST(ChannelReducerTest, SaysWhatItWaitsForAndMovesTheRestOn) {
  ThreadRankOptions options;
  options.maximum_delay = 50;
  std::atomic<int> waits{0};
  RunRanks(2, options, [&](Communicator& communicator) {
    Activity activity;
    CommunicatorChannelReducer reducer(&communicator, &activity, [&] {
      ++waits;
      EXPECT_STREQ(activity.operation.load(), "the sums of synchronized batch norm");
    });
    for (int call = 0; call < 20; ++call) {
      double value = 1;
      reducer.AllReduce(&value, 1);
      EXPECT_EQ(value, 2);
      EXPECT_EQ(activity.operation.load(), nullptr);
    }
  });
  EXPECT_GT(waits, 0);
}

}  // namespace
}  // namespace espalier
