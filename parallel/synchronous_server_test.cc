#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "gtest/gtest.h"
#include "parallel/testing/arithmetic_job.h"
#include "parallel/testing/server_job.h"

namespace espalier {
namespace {

struct Ranks {
  int workers = 1, servers = 1;
  int maximum_delay = 0;
  uint64_t seed = 1;
  bool early = false;  // push parameters as they are ready, from the last to the first
  int reload_at = -1;  // before this step, save and load
  DType wire = DType::kF32;
};

ServerJob JobOf(const ArithmeticJob& job, const Ranks& ranks) {
  ServerJob result;
  result.workers = ranks.workers;
  result.mode.servers = ranks.servers;
  result.shards = job.shards;
  result.optimizer = job.optimizer;
  result.wire = ranks.wire;
  result.ranks = {ranks.maximum_delay, ranks.seed};
  return result;
}

std::vector<StepOutput> Train(const ArithmeticJob& job, const Ranks& ranks, const ServerJobWorker& worker) {
  std::vector<StepOutput> outputs;
  std::vector<std::vector<float>> arenas;
  int64_t optimizer_step = 0;
  worker.Load(job.optimizer);
  for (int step = 0; step < job.steps; ++step) {
    if (step == ranks.reload_at) {
      CHECK(worker.client->Publish().ok());
      worker.Load(job.optimizer);
    }
    StepInput input = MakeStepInput(job, step, optimizer_step + 1, worker.rank, ranks.workers, worker.store, &arenas);
    input.stop_requested = step == job.steps - 1 && worker.rank == ranks.workers - 1;
    for (int i = worker.store->layout().size() - 1; ranks.early && i > 0; --i) {
      worker.client->OnGradientReady(i);
      worker.client->Progress();
    }
    StepOutput output = *worker.client->FinishStep(input);
    EXPECT_EQ(output.stop, step == job.steps - 1) << "what one asks, all are told";
    output.stop = false;
    if (output.finite && (job.scaled || std::isfinite(output.figures.loss))) ++optimizer_step;
    outputs.push_back(output);
  }
  return outputs;
}

// Trains on threads; what worker 0 has in the end. All workers must have the same weights.
ArithmeticResult RunWithServers(const ArithmeticJob& job, const Ranks& ranks) {
  std::vector<ArithmeticResult> results(ranks.workers);
  RunServerJob(JobOf(job, ranks), [&](const ServerJobWorker& worker) {
    std::vector<StepOutput> outputs = Train(job, ranks, worker);
    CHECK(worker.client->Publish().ok());
    results[worker.rank] = ResultOf(worker.store, *worker.optimizer, std::move(outputs));
  });
  for (int worker = 1; worker < ranks.workers; ++worker) {
    ArithmeticResult other = results[worker];
    other.slots = results[0].slots;  // the servers alone move them
    ExpectEqualBits(other, results[0], absl::StrCat(JobOf(job, ranks).Text(), ", worker ", worker));
  }
  return results[0];
}

void ExpectBitsOfOneProcess(const ArithmeticJob& job, const Ranks& ranks, const ArithmeticResult& expected) {
  ExpectEqualBits(RunWithServers(job, ranks), expected, JobOf(job, ranks).Text());
}

class SynchronousServerTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SynchronousServerTest, HasTheBitsOfOneProcess) {
  ArithmeticJob job;
  job.optimizer = GetParam();
  job.shards = 5;
  const ArithmeticResult expected = RunSerially(job);
  ExpectBitsOfOneProcess(job, {1, 1}, expected);
  ExpectBitsOfOneProcess(job, {2, 3}, expected);
  ExpectBitsOfOneProcess(job, {3, 2, 20}, expected);
  ExpectBitsOfOneProcess(job, {5, 2, 0, 1, true}, expected);
}

INSTANTIATE_TEST_SUITE_P(Rules, SynchronousServerTest,
                         ::testing::Values("sgd { momentum: 0.9 weight_decay: 1e-2 }",
                                           "sgd { momentum: 0 } clip_norm: 3", "adamw { } decay_all: true clip_norm: 1",
                                           "adagrad { initial_accumulator: 0.1 }"));

TEST(SynchronousServerTest, DelaysChangeNothing) {
  ArithmeticJob job;
  job.shards = 4;
  job.optimizer = "sgd { weight_decay: 1e-2 } clip_norm: 2";
  const ArithmeticResult expected = RunSerially(job);
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    ExpectBitsOfOneProcess(job, {4, 2, 40, seed, seed % 2 == 0}, expected);
  }
}

TEST(SynchronousServerTest, SavedAndLoadedItGoesOn) {
  ArithmeticJob job;
  job.shards = 3;
  job.optimizer = "adam { }";
  const ArithmeticResult expected = RunSerially(job);
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    ExpectBitsOfOneProcess(job, {3, 2, 20, seed, true, static_cast<int>(seed)}, expected);
  }
}

TEST(SynchronousServerTest, OneShard) {
  const ArithmeticJob job;
  ExpectBitsOfOneProcess(job, {1, 2, 0, 1, true}, RunSerially(job));
}

TEST(SynchronousServerTest, MoreServersThanBlocks) {
  ArithmeticJob job;
  job.shards = 2;
  job.optimizer = "adam { } clip_norm: 1";
  ExpectBitsOfOneProcess(job, {2, 9, 0, 1, true}, RunSerially(job));
}

TEST(SynchronousServerTest, OverflowIsSkippedByAll) {
  ArithmeticJob job;
  job.shards = 4;
  job.loss_scale = 1024;
  job.scaled = true;
  job.overflow_step = 1;
  const ArithmeticResult expected = RunSerially(job);
  EXPECT_FALSE(expected.outputs[1].finite);
  ExpectBitsOfOneProcess(job, {3, 1}, expected);
  ExpectBitsOfOneProcess(job, {4, 3, 0, 1, true}, expected);
}

TEST(SynchronousServerTest, BrokenLossUpdatesNothing) {
  ArithmeticJob job;
  job.shards = 3;
  job.broken_loss_step = 2;
  ExpectBitsOfOneProcess(job, {3, 2, 10, 3, true}, RunSerially(job));
}

TEST(SynchronousServerTest, HalfPrecisionOnTheWire) {
  ArithmeticJob job;
  job.shards = 2;
  job.optimizer = "sgd { momentum: 0.9 }";
  const ArithmeticResult exact = RunSerially(job);
  // 4 steps of 2 shards' gradients of about 1, velocity up to 3.4 times that: relative errors 2^-9 and 2^-12.
  for (const auto& [wire, tolerance] : {std::make_pair(DType::kBF16, 0.1f), {DType::kF16, 0.0125f}}) {
    Ranks ranks = {2, 2, 0, 1, true};
    ranks.wire = wire;
    const ArithmeticResult found = RunWithServers(job, ranks);
    float greatest = 0;
    for (size_t i = 0; i < exact.weights.size(); ++i) {
      greatest = std::max(greatest, std::abs(found.weights[i] - exact.weights[i]));
    }
    EXPECT_LT(greatest, tolerance);
    EXPECT_GT(greatest, 0) << "gradients were rounded";
    EXPECT_EQ(found.states, exact.states) << "statistics were not";
  }
}

}  // namespace
}  // namespace espalier
