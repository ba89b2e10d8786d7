#include "parallel/last_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

constexpr int64_t kSteps = 60;

// A worker's steps, each taking a random number of looks; it asks to stop at the beginning of step `ask_at`. Returns
// the step after which it was told to stop, kSteps + 1 if never. Like a client it waits where it must, and at the end
// until all are there.
int64_t RunWorker(Communicator& world, uint64_t seed, int64_t ask_at) {
  LastStep last(&world, world.size());
  Random random(seed, "pace", 0, world.rank());
  const uint32_t pace = 1 + random.Below(20);
  int64_t stopped = kSteps + 1;
  for (int64_t step = 1; step <= kSteps && stopped > kSteps; ++step) {
    for (uint32_t look = random.Below(pace); look > 0; --look) world.Idle(0);
    if (step == ask_at) last.Ask();
    last.Poll(step);
    for (int attempt = 0; last.pending(); ++attempt) {
      world.Idle(attempt);
      last.Poll(step);
    }
    if (last.IsLast(step)) stopped = step;
  }
  // Whoever is still at work may have questions.
  int64_t done = 0;
  std::vector<Request> requests;
  for (int rank = 0; rank < world.size(); ++rank) requests.push_back(world.Send(&done, sizeof done, rank, 1));
  std::vector<int64_t> others(world.size());
  for (int rank = 0; rank < world.size(); ++rank) {
    requests.push_back(world.Receive(&others[rank], sizeof done, rank, 1));
  }
  for (Request& request : requests) {
    for (int attempt = 0; !world.Test(&request); ++attempt) {
      last.Poll(stopped <= kSteps ? stopped : kSteps + 1);
      world.Idle(attempt);
    }
  }
  return stopped;
}

TEST(LastStep, AllStopAfterTheSameStep) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed, "who asks", 0, 0);
    const int ranks = 1 + static_cast<int>(random.Below(5));
    std::vector<int64_t> ask_at(ranks), stopped(ranks);
    for (int64_t& step : ask_at) step = random.Below(3) == 0 ? 1 + random.Below(kSteps) : 2 * kSteps;
    RunRanks(ranks, {20, seed},
             [&](Communicator& world) { stopped[world.rank()] = RunWorker(world, seed, ask_at[world.rank()]); });
    for (int rank = 1; rank < ranks; ++rank)
      EXPECT_EQ(stopped[rank], stopped[0]) << "rank " << rank << " seed " << seed;
    const int64_t first = *std::min_element(ask_at.begin(), ask_at.end());
    if (first > kSteps) {
      EXPECT_GT(stopped[0], kSteps) << "nobody asked";
    } else {
      EXPECT_GE(stopped[0], first) << "seed " << seed;
    }
  }
}

TEST(LastStep, OneWorkerStopsAtOnce) {
  RunRanks(1, {}, [&](Communicator& world) {
    LastStep last(&world, 1);
    last.Poll(4);
    EXPECT_FALSE(last.pending());
    EXPECT_FALSE(last.IsLast(4));
    last.Ask();
    last.Poll(5);
    EXPECT_FALSE(last.pending());
    EXPECT_TRUE(last.IsLast(5));
  });
}

}  // namespace
}  // namespace espalier
