#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parallel/testing/arithmetic_job.h"
#include "parallel/testing/server_job.h"

namespace espalier {
namespace {

using testing::ElementsAre;

ParameterServerMode Asynchronous(int servers, int push_every = 1, int fetch_every = 1) {
  return {servers, ServerMode::kAsynchronous, 0, push_every, fetch_every};
}

ParameterServerMode Bounded(int servers, int staleness) {
  return {servers, ServerMode::kBoundedStaleness, staleness, 1, 1};
}

ServerJob JobOf(int workers, const ParameterServerMode& mode, uint64_t seed, int maximum_delay = 30) {
  ServerJob job;
  job.workers = workers;
  job.mode = mode;
  job.ranks = {maximum_delay, seed};
  return job;
}

// Elements far apart, so that every server has some.
constexpr int64_t kMarks[] = {3, 2999, 3011 + 800, 5000, 9999, 12000};

void ZeroWeights(ParameterStore* store) { std::fill_n(store->weights(), store->layout().arena_elements(), 0.0f); }

// A step whose rate over the number of workers is `rate`, with the gradients that stand in the store.
StepInput InputOf(const ServerJobWorker& worker, int64_t step, double rate) {
  StepInput input;
  input.partial_sums.push_back({worker.rank, worker.rank + 1, worker.store->gradients()});
  input.figures.push_back({1.0 + worker.rank, 2, 1, 2});
  input.learning_rate = rate * worker.workers->size();
  input.optimizer_step = step + 1;
  return input;
}

// Small whole numbers, so that sums are exact in any order.
float WholeGradient(int worker, int64_t step, int64_t element) {
  Random random(11, "gradient", static_cast<uint32_t>(worker), step * 100000 + element);
  return static_cast<float>(random.Below(7)) - 3;
}

void WriteWholeGradients(const ServerJobWorker& worker, int64_t step) {
  std::fill_n(worker.store->gradients(), worker.store->layout().arena_elements(), 0.0f);
  for (int64_t element : kMarks) worker.store->gradients()[element] = WholeGradient(worker.rank, step, element);
}

void Pause(const ServerJobWorker& worker, Random* random, uint32_t most) {
  for (uint32_t i = random->Below(most + 1); i > 0; --i) worker.client->Progress();
}

struct Case {
  const char* name;
  ParameterServerMode mode;
  DType wire = DType::kF32;
};

const Case kModes[] = {
    {"Asynchronous", Asynchronous(2)},
    {"PushesPutTogether", Asynchronous(2, 4, 1)},
    {"SeldomFetches", Asynchronous(1, 1, 3)},
    {"Both", Asynchronous(3, 4, 2), DType::kBF16},
    {"Lockstep", Bounded(2, 0)},
    {"Bounded", Bounded(3, 2), DType::kF16},
};

class AsynchronousModesTest : public ::testing::TestWithParam<Case> {};

TEST_P(AsynchronousModesTest, EveryPushCountsOnce) {
  constexpr int kSteps = 10, kWorkers = 3;
  ServerJob job = JobOf(kWorkers, GetParam().mode, 5);
  job.wire = GetParam().wire;
  RunServerJob(job, [&](const ServerJobWorker& worker) {
    ZeroWeights(worker.store);
    worker.Load(job.optimizer);
    Random random(3, "pace", 0, worker.rank);
    for (int step = 0; step < kSteps; ++step) {
      WriteWholeGradients(worker, step);
      Pause(worker, &random, 40 * worker.rank);
      const StepOutput output = *worker.client->FinishStep(InputOf(worker, step, 0.5));
      EXPECT_EQ(output.figures.loss, 1.0 + worker.rank) << "its own";
      EXPECT_TRUE(output.finite);
    }
    for (const auto& [name, state] : worker.store->states()) state.data<float>()[1] = 3.0f * worker.rank;
    CHECK(worker.client->Synchronize().ok());
    for (int64_t element : kMarks) {
      float sum = 0;
      for (int of = 0; of < kWorkers; ++of) {
        for (int step = 0; step < kSteps; ++step) sum += WholeGradient(of, step, element);
      }
      EXPECT_EQ(worker.store->weights()[element], -0.5f * sum) << job.Text() << ", element " << element;
    }
    for (const auto& [name, state] : worker.store->states()) EXPECT_EQ(state.data<float>()[1], 3) << "the mean";
  });
}

TEST_P(AsynchronousModesTest, AllStopAfterTheSameStep) {
  constexpr int kWorkers = 4, kSteps = 30, kEpoch = 7;
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const ServerJob job = JobOf(kWorkers, GetParam().mode, seed, 10);
    std::vector<int> stopped(kWorkers, -1);
    RunServerJob(job, [&](const ServerJobWorker& worker) {
      ZeroWeights(worker.store);
      worker.Load(job.optimizer);
      Random random(seed, "stop", 0, worker.rank);
      const int ask_at = worker.rank % 2 == 1 ? 5 + static_cast<int>(random.Below(15)) : kSteps;
      for (int step = 0; step < kSteps && stopped[worker.rank] < 0; ++step) {
        WriteWholeGradients(worker, step);
        Pause(worker, &random, 50 * worker.rank);
        StepInput input = InputOf(worker, step, 0.5);
        input.stop_requested = step >= ask_at;
        if (worker.client->FinishStep(input)->stop) stopped[worker.rank] = step;
        if (step % kEpoch == 0) CHECK(worker.client->Synchronize().ok());
      }
      CHECK(worker.client->Publish().ok());
    });
    EXPECT_GE(stopped[0], 5);
    for (int worker = 1; worker < kWorkers; ++worker) EXPECT_EQ(stopped[worker], stopped[0]) << job.Text();
  }
}

INSTANTIATE_TEST_SUITE_P(All, AsynchronousModesTest, ::testing::ValuesIn(kModes),
                         [](const auto& info) { return info.param.name; });

// Each worker counts its steps in elements of its own: so weights tell which pushes they contain.
int64_t MarkOf(int worker, int64_t mark) { return mark + 1 + worker; }

TEST(BoundedStaleness, TheBoundIsNeverExceeded) {
  constexpr int kWorkers = 3, kSteps = 25;
  for (int staleness : {0, 1, 3}) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      const ServerJob job = JobOf(kWorkers, Bounded(2, staleness), seed);
      RunServerJob(job, [&](const ServerJobWorker& worker) {
        ZeroWeights(worker.store);
        worker.Load(job.optimizer);
        Random random(seed, "pace", 0, worker.rank);
        for (int step = 0; step < kSteps; ++step) {
          std::fill_n(worker.store->gradients(), worker.store->layout().arena_elements(), 0.0f);
          for (int64_t mark : kMarks) worker.store->gradients()[MarkOf(worker.rank, mark)] = -1;
          Pause(worker, &random, worker.rank == 1 ? 200 : 2);
          CHECK(worker.client->FinishStep(InputOf(worker, step, 1)).ok());
          const int begins = step + 1;
          for (int other = 0; other < kWorkers; ++other) {
            for (int64_t mark : kMarks) {
              const int contained = static_cast<int>(worker.store->weights()[MarkOf(other, mark)]);
              if (other == worker.rank) {
                EXPECT_EQ(contained, begins) << "its own pushes";
                continue;
              }
              EXPECT_GE(contained, begins - staleness) << job.Text();
              EXPECT_LE(contained, begins + staleness + 1) << "the other could not have been so far ahead";
            }
          }
        }
      });
    }
  }
}

TEST(BoundedStaleness, TheBoundCanBeUsed) {
  for (int staleness : {1, 4}) {
    const ServerJob job = JobOf(2, Bounded(2, staleness), 1);
    std::atomic<int> done{0};  // steps of worker 0
    RunServerJob(job, [&](const ServerJobWorker& worker) {
      ZeroWeights(worker.store);
      worker.Load(job.optimizer);
      for (int attempt = 0; worker.rank == 1 && done < staleness; ++attempt) worker.workers->Idle(attempt);
      for (int step = 0; step < 2 * staleness; ++step) {
        WriteWholeGradients(worker, step);
        CHECK(worker.client->FinishStep(InputOf(worker, step, 1)).ok());
        if (worker.rank == 0) ++done;
      }
    });
    EXPECT_EQ(done, 2 * staleness);
  }
}

TEST(BoundedStaleness, OfZeroIsLockstep) {
  constexpr int kWorkers = 3, kSteps = 12;
  // A worker's gradient depends on the weights it has.
  const auto gradient = [](int worker, int step, float weight) {
    return static_cast<float>((static_cast<int>(std::abs(weight)) * 3 + 5 * worker + step) % 7 - 3);
  };
  std::vector<std::vector<float>> expected(1, std::vector<float>(std::size(kMarks), 0.0f));
  for (int step = 0; step < kSteps; ++step) {
    expected.push_back(expected.back());
    for (float& weight : expected.back()) {
      const float before = weight;
      for (int worker = 0; worker < kWorkers; ++worker) weight -= gradient(worker, step, before);
    }
  }
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const ServerJob job = JobOf(kWorkers, Bounded(3, 0), seed);
    RunServerJob(job, [&](const ServerJobWorker& worker) {
      ZeroWeights(worker.store);
      worker.Load(job.optimizer);
      for (int step = 0; step < kSteps; ++step) {
        std::fill_n(worker.store->gradients(), worker.store->layout().arena_elements(), 0.0f);
        for (size_t i = 0; i < std::size(kMarks); ++i) {
          const float weight = worker.store->weights()[kMarks[i]];
          EXPECT_EQ(weight, expected[step][i]) << job.Text() << ", step " << step;
          worker.store->gradients()[kMarks[i]] = gradient(worker.rank, step, weight);
        }
        CHECK(worker.client->FinishStep(InputOf(worker, step, 1)).ok());
      }
    });
  }
}

TEST(Asynchronous, StalenessIsThatOfTheSchedule) {
  const ServerJob job = JobOf(2, Asynchronous(2), 1, 0);
  std::atomic<bool> first_done{false};
  std::vector<std::vector<int64_t>> counts;
  std::string report;
  const auto train = [&](const ServerJobWorker& worker) {
    ZeroWeights(worker.store);
    worker.Load(job.optimizer);
    for (int attempt = 0; worker.rank == 1 && !first_done; ++attempt) worker.workers->Idle(attempt);
    for (int step = 0; step < 5; ++step) {
      WriteWholeGradients(worker, step);
      CHECK(worker.client->FinishStep(InputOf(worker, step, 1)).ok());
    }
    if (worker.rank == 0) first_done = true;
    CHECK(worker.client->Synchronize().ok());
    WriteWholeGradients(worker, 5);
    CHECK(worker.client->FinishStep(InputOf(worker, 5, 1)).ok());
  };
  RunServerJob(job, train, [&](const ServerJobWorker& worker) {
    if (worker.rank != 0) return;
    for (const StalenessHistogram& histogram : worker.client->staleness()) counts.push_back(histogram.counts());
    report = worker.client->Report();
  });
  // The second worker was at its beginning all the while; then all were synchronized.
  EXPECT_THAT(counts, ElementsAre(ElementsAre(2, 1, 1, 1, 1), ElementsAre(6)));
  EXPECT_THAT(report, testing::HasSubstr("0        6    1.67       4   33.3%   16.7%"));
}

class OneAsynchronousWorkerTest : public ::testing::TestWithParam<const char*> {};

TEST_P(OneAsynchronousWorkerTest, HasTheBitsOfOneProcess) {
  ArithmeticJob arithmetic;
  arithmetic.optimizer = GetParam();
  arithmetic.scaled = true;
  arithmetic.loss_scale = 256;
  arithmetic.overflow_step = 2;
  arithmetic.steps = 6;
  const ArithmeticResult expected = RunSerially(arithmetic);
  for (const ParameterServerMode& mode : {Asynchronous(2), Asynchronous(1, 1, 2), Bounded(2, 1)}) {
    ServerJob job = JobOf(1, mode, 1);
    job.optimizer = arithmetic.optimizer;
    RunServerJob(job, [&](const ServerJobWorker& worker) {
      std::vector<std::vector<float>> arenas;
      std::vector<StepOutput> outputs;
      int64_t optimizer_step = 0;
      worker.Load(job.optimizer);
      for (int step = 0; step < arithmetic.steps; ++step) {
        if (step == 4) {  // as after a resume
          CHECK(worker.client->Publish().ok());
          worker.Load(job.optimizer);
        }
        const StepInput input = MakeStepInput(arithmetic, step, optimizer_step + 1, 0, 1, worker.store, &arenas);
        outputs.push_back(*worker.client->FinishStep(input));
        if (outputs.back().finite) ++optimizer_step;
      }
      CHECK(worker.client->Publish().ok());
      ExpectEqualBits(ResultOf(worker.store, *worker.optimizer, outputs), expected, job.Text());
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, OneAsynchronousWorkerTest,
                         ::testing::Values("sgd { momentum: 0.9 weight_decay: 1e-2 }", "adamw { } clip_norm: 3",
                                           "adagrad { }"));

TEST(Asynchronous, ServersLeaveThoughNothingWasLoaded) {
  for (const ParameterServerMode& mode : {Asynchronous(2), ParameterServerMode{2}}) {
    RunServerJob(JobOf(2, mode, 1), [](const ServerJobWorker& worker) { EXPECT_EQ(worker.workers->size(), 2); });
  }
}

TEST(Asynchronous, OverflowIsSkippedByItsWorkerAlone) {
  for (const ParameterServerMode& mode : {Asynchronous(2), Asynchronous(2, 2, 1), Bounded(2, 1)}) {
    const ServerJob job = JobOf(2, mode, 3);
    RunServerJob(job, [&](const ServerJobWorker& worker) {
      ZeroWeights(worker.store);
      worker.Load(job.optimizer);
      for (int step = 0; step < 6; ++step) {
        WriteWholeGradients(worker, step);
        for (int64_t element : kMarks) worker.store->gradients()[element] *= 8;
        const bool overflows = worker.rank == 1 && step == 2;
        if (overflows) worker.store->gradients()[kMarks[3]] = std::numeric_limits<float>::infinity();
        StepInput input = InputOf(worker, step, 1);
        input.scaled = true;
        input.loss_scale = 8;
        EXPECT_EQ(worker.client->FinishStep(input)->finite, !overflows);
      }
      CHECK(worker.client->Synchronize().ok());
      for (int64_t element : kMarks) {
        float sum = 0;
        for (int of = 0; of < 2; ++of) {
          for (int step = 0; step < 6; ++step) {
            if (of == 0 || step != 2) sum += WholeGradient(of, step, element);
          }
        }
        EXPECT_EQ(worker.store->weights()[element], -sum) << job.Text();
      }
    });
  }
}

TEST(Asynchronous, BetweenFetchesAWorkerFollowsItsOwnGradients) {
  ServerJob job = JobOf(2, Asynchronous(2, 1, 3), 1);
  RunServerJob(job, [&](const ServerJobWorker& worker) {
    ZeroWeights(worker.store);
    worker.Load(job.optimizer);
    for (int step = 0; step < 9; ++step) {
      const float before = worker.store->weights()[kMarks[0]];
      WriteWholeGradients(worker, step);
      CHECK(worker.client->FinishStep(InputOf(worker, step, 0.5)).ok());
      if (step % 3 == 2) continue;
      EXPECT_EQ(worker.store->weights()[kMarks[0]], before - 0.5f * WholeGradient(worker.rank, step, kMarks[0]));
    }
  });
}

class PrunedWeightsTest : public ::testing::TestWithParam<Case> {};

TEST_P(PrunedWeightsTest, StayZero) {
  for (const char* optimizer :
       {"sgd { momentum: 0.9 weight_decay: 0.1 } decay_all: true", "adamw { weight_decay: 0.1 }"}) {
    ServerJob job = JobOf(2, GetParam().mode, 4);
    job.optimizer = optimizer;
    RunServerJob(job, [&](const ServerJobWorker& worker) {
      const int64_t count = worker.store->layout().arena_elements();
      const auto pruned = [](int64_t i) { return i % 3 != 0; };
      for (int64_t i = 0; i < count; ++i) {
        if (pruned(i)) worker.store->weights()[i] = 0;
      }
      worker.Load(job.optimizer);
      std::vector<std::vector<float>> arenas;
      ArithmeticJob arithmetic;
      arithmetic.shards = 2;
      for (int step = 0; step < 6; ++step) {
        StepInput input = MakeStepInput(arithmetic, step, step + 1, worker.rank, 2, worker.store, &arenas);
        for (int64_t i = 0; i < count; ++i) {
          if (pruned(i)) worker.store->gradients()[i] = 0;
        }
        CHECK(worker.client->FinishStep(input).ok());
      }
      CHECK(worker.client->Publish().ok());
      int64_t moved = 0;
      for (int64_t i = 0; i < count; ++i) {
        if (!pruned(i)) continue;
        moved += worker.store->weights()[i] != 0;
        for (int slot = 0; worker.rank == 0 && slot < worker.optimizer->slot_count(); ++slot) {
          moved += worker.optimizer->slot(slot)[i] != 0;
        }
      }
      EXPECT_EQ(moved, 0) << job.Text();
      EXPECT_NE(worker.store->weights()[6], 0);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, PrunedWeightsTest,
                         ::testing::Values(Case{"Synchronous", {2}}, Case{"Asynchronous", Asynchronous(2, 2, 3)},
                                           Case{"Bounded", Bounded(2, 2)}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace espalier
