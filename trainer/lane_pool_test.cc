#include "trainer/lane_pool.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <set>

namespace espalier {
namespace {

TEST(LanePoolTest, RunsEveryLaneOnceARound) {
  for (int lanes : {1, 2, 5}) {
    LanePool pool(lanes);
    ASSERT_EQ(pool.lanes(), lanes);
    std::vector<int> calls(lanes);  // plain: the rounds order the accesses
    for (int round = 1; round <= 200; ++round) {
      pool.Run([&](int lane) { ++calls[lane]; });
      ASSERT_EQ(calls, std::vector<int>(lanes, round));
    }
  }
}

TEST(LanePoolTest, LanesRunAtTheSameTimeOnThreadsOfTheirOwn) {
  LanePool pool(4);
  std::mutex mutex;
  std::condition_variable all_here;
  std::set<std::thread::id> threads;
  std::atomic<int> met = 0;
  pool.Run([&](int) {
    std::unique_lock<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
    all_here.notify_all();
    met += all_here.wait_for(lock, std::chrono::minutes(2), [&] { return threads.size() == 4; });
  });
  EXPECT_EQ(met, 4);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 1u);
}

TEST(LanePoolTest, TeamsHaveOneThreadInLanesAlone) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  LanePool pool(3);
  std::vector<int> sizes(3);
  pool.Run([&](int lane) { sizes[lane] = omp_get_max_threads(); });
  EXPECT_EQ(sizes, std::vector<int>(3, 1));
  EXPECT_EQ(omp_get_max_threads(), 3);
  omp_set_num_threads(before);
}

TEST(LanePoolTest, EndsWithoutEverHavingRun) {
  for (int i = 0; i < 20; ++i) LanePool pool(3);
}

}  // namespace
}  // namespace espalier
