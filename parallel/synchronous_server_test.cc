#include <omp.h>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "gtest/gtest.h"
#include "parallel/parameter_server.h"
#include "parallel/parameter_server_client.h"
#include "parallel/testing/arithmetic_job.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

struct Ranks {
  int workers = 1, servers = 1;
  int maximum_delay = 0;
  uint64_t seed = 1;
  bool early = false;  // push parameters as they are ready, from the last to the first
};

std::string Text(const Ranks& ranks) {
  return absl::StrCat(ranks.workers, " workers, ", ranks.servers, " servers, delay ", ranks.maximum_delay, ", seed ",
                      ranks.seed);
}

ParameterServerOptions Options(const ArithmeticJob& job, const Ranks& ranks, Communicator* world, Communicator* workers,
                               ParameterStore* store) {
  ParameterServerOptions options;
  options.mode.servers = ranks.servers;
  options.world = world;
  options.workers = workers;
  options.store = store;
  options.shards = job.shards;
  options.chunk_elements = 1000;
  return options;
}

std::vector<StepOutput> Train(const ArithmeticJob& job, const Ranks& ranks, int worker, ParameterStore* store,
                              DataParallel* method) {
  std::vector<StepOutput> outputs;
  std::vector<std::vector<float>> arenas;
  int64_t optimizer_step = 0;
  for (int step = 0; step < job.steps; ++step) {
    StepInput input = MakeStepInput(job, step, optimizer_step + 1, worker, ranks.workers, store, &arenas);
    for (int i = store->layout().size() - 1; ranks.early && i > 0; --i) {
      method->OnGradientReady(i);
      method->Progress();
    }
    const StepOutput output = *method->FinishStep(input);
    if (output.finite && (job.scaled || std::isfinite(output.figures.loss))) ++optimizer_step;
    outputs.push_back(output);
  }
  return outputs;
}

// Trains on threads; what worker 0 has in the end. All workers must have the same weights.
ArithmeticResult RunWithServers(const ArithmeticJob& job, const Ranks& ranks) {
  std::vector<ArithmeticResult> results(ranks.workers);
  RunRanks(ranks.workers + ranks.servers, {ranks.maximum_delay, ranks.seed}, [&](Communicator& world) {
    omp_set_num_threads(1);
    const bool server = world.rank() >= ranks.workers;
    const std::unique_ptr<Communicator> part = world.Split(server ? 1 : 0);
    if (server) {
      Activity activity;
      CHECK(ServeParameters(world, ranks.servers, &activity).ok());
      return;
    }
    // What the others begin with does not matter.
    const std::unique_ptr<ParameterStore> store = MakeArithmeticStore(1 + world.rank());
    const std::unique_ptr<ParameterOptimizer> optimizer = MakeOptimizer(job.optimizer, *store);
    const auto client = ParameterServerClient::Create(Options(job, ranks, &world, part.get(), store.get()));
    CHECK(client->Load(ParseOptimizer(job.optimizer), optimizer.get()).ok());
    std::vector<StepOutput> outputs = Train(job, ranks, world.rank(), store.get(), client.get());
    CHECK(client->Publish().ok());
    results[world.rank()] = ResultOf(store.get(), *optimizer, std::move(outputs));
    CHECK(client->Finish().ok());
  });
  for (int worker = 1; worker < ranks.workers; ++worker) {
    ArithmeticResult other = results[worker];
    other.slots = results[0].slots;  // the servers alone move them
    ExpectEqualBits(other, results[0], absl::StrCat(Text(ranks), ", worker ", worker));
  }
  return results[0];
}

class SynchronousServerTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SynchronousServerTest, HasTheBitsOfOneProcess) {
  ArithmeticJob job;
  job.optimizer = GetParam();
  job.shards = 5;
  const ArithmeticResult expected = RunSerially(job);
  for (int workers : {1, 2, 3, 5}) {
    for (int servers : {1, 3}) {
      const Ranks ranks = {workers, servers, workers == 3 ? 20 : 0, 1, workers == 5};
      ExpectEqualBits(RunWithServers(job, ranks), expected, Text(ranks));
    }
  }
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
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Ranks ranks = {4, 2, 40, seed, seed % 2 == 0};
    ExpectEqualBits(RunWithServers(job, ranks), expected, Text(ranks));
  }
}

TEST(SynchronousServerTest, MoreServersThanBlocks) {
  ArithmeticJob job;
  job.shards = 2;
  job.optimizer = "adam { } clip_norm: 1";
  const Ranks ranks = {2, 9, 0, 1, true};
  ExpectEqualBits(RunWithServers(job, ranks), RunSerially(job), Text(ranks));
}

TEST(SynchronousServerTest, OverflowIsSkippedByAll) {
  ArithmeticJob job;
  job.shards = 4;
  job.loss_scale = 1024;
  job.scaled = true;
  job.overflow_step = 1;
  const ArithmeticResult expected = RunSerially(job);
  EXPECT_FALSE(expected.outputs[1].finite);
  for (int servers : {1, 3}) {
    const Ranks ranks = {3, servers};
    ExpectEqualBits(RunWithServers(job, ranks), expected, Text(ranks));
  }
}

TEST(SynchronousServerTest, BrokenLossUpdatesNothing) {
  ArithmeticJob job;
  job.shards = 3;
  job.broken_loss_step = 2;
  const Ranks ranks = {3, 2, 10, 3, true};
  ExpectEqualBits(RunWithServers(job, ranks), RunSerially(job), Text(ranks));
}

}  // namespace
}  // namespace espalier
