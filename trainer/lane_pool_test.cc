#include "trainer/lane_pool.h"

#include <omp.h>

#include <atomic>
#include <vector>

#include "gtest/gtest.h"

namespace espalier {
namespace {

TEST(LanePool, EachLaneWorksOnceARound) {
  for (const int lanes : {1, 2, 5}) {
    LanePool pool(lanes);
    EXPECT_EQ(pool.lanes(), lanes);
    std::vector<int> rounds(lanes);
    for (int round = 0; round < 100; ++round) {
      pool.Run([&](int lane) { ++rounds[lane]; });
      for (const int count : rounds) ASSERT_EQ(count, round + 1);
    }
  }
}

TEST(LanePool, LanesWorkSideBySide) {
  LanePool pool(3);
  std::atomic<int> arrived{0};
  // Each lane waits for the others: one after the other they would never end.
  pool.Run([&](int) {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 3);
}

TEST(LanePool, EachLaneHasTeamsOfOneThreadAndTheCallerItsOwnAgain) {
  omp_set_num_threads(2);
  LanePool pool(2);
  std::vector<int> threads(2);
  pool.Run([&](int lane) { threads[lane] = omp_get_max_threads(); });
  EXPECT_EQ(threads, (std::vector<int>{1, 1}));
  EXPECT_EQ(omp_get_max_threads(), 2);
}

}  // namespace
}  // namespace espalier
