// The fast all-reduce against its plain twin and against a training in one place, to the bit.
#include "parallel/plain_all_reduce.h"

#include <gtest/gtest.h>

#include <memory>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "parallel/all_reduce.h"
#include "parallel/testing/arithmetic_job.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

// What each worker has at the end; every one but the first begins with other weights.
std::vector<ArithmeticResult> Train(const ArithmeticJob& job, int workers, bool plain, uint64_t seed) {
  std::vector<ArithmeticResult> results(workers);
  RunRanks(workers, {20, seed}, [&](Communicator& communicator) {
    const int rank = communicator.rank();
    const std::unique_ptr<ParameterStore> store = MakeArithmeticStore(1 + rank);
    const std::unique_ptr<ParameterOptimizer> optimizer = MakeOptimizer(job.optimizer, *store);
    std::unique_ptr<DataParallel> method;
    if (plain) {
      method = std::make_unique<PlainAllReduce>(&communicator, store.get(), job.shards);
    } else {
      AllReduceOptions options;
      options.shards = job.shards;
      options.bucket_bytes = 5000;
      method = std::make_unique<AllReduce>(&communicator, store.get(), options);
    }
    EXPECT_TRUE(method->Load(ParseOptimizer(job.optimizer), optimizer.get()).ok());
    std::vector<StepOutput> outputs;
    int64_t optimizer_step = 0;
    for (int step = 0; step < job.steps; ++step) {
      std::vector<std::vector<float>> arenas;
      const StepInput input = MakeStepInput(job, step, optimizer_step + 1, rank, workers, store.get(), &arenas);
      const absl::StatusOr<StepOutput> output = method->FinishStep(input);
      ASSERT_TRUE(output.ok()) << output.status();
      outputs.push_back(*output);
      optimizer_step += output->finite && (job.scaled || step != job.broken_loss_step);
    }
    EXPECT_TRUE(method->Finish().ok());
    results[rank] = ResultOf(store.get(), *optimizer, outputs);
  });
  return results;
}

void ExpectAllEqual(int workers, ArithmeticJob job) {
  job.steps = 3;
  const ArithmeticResult expected = RunSerially(job);
  const std::vector<ArithmeticResult> plain = Train(job, workers, true, 1), fast = Train(job, workers, false, 2);
  for (int worker = 0; worker < workers; ++worker) {
    ExpectEqualBits(plain[worker], expected, absl::StrCat("plain, worker ", worker));
    ExpectEqualBits(fast[worker], plain[worker], absl::StrCat("fast, worker ", worker));
  }
}

// (workers, shards)
class PlainAllReduceTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(PlainAllReduceTest, EqualsTheFastOneWithASkippedStep) {
  ArithmeticJob job;
  job.shards = std::get<1>(GetParam());
  job.optimizer = "adam {} clip_norm: 20";
  job.loss_scale = 256;
  job.scaled = true;
  job.overflow_step = 1;
  ExpectAllEqual(std::get<0>(GetParam()), job);
}

// With a single shard statistics do not travel.
INSTANTIATE_TEST_SUITE_P(All, PlainAllReduceTest,
                         ::testing::Values(std::make_tuple(1, 16), std::make_tuple(2, 2), std::make_tuple(2, 16),
                                           std::make_tuple(3, 3), std::make_tuple(3, 16), std::make_tuple(5, 5),
                                           std::make_tuple(5, 16), std::make_tuple(8, 8), std::make_tuple(8, 16)),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param), "Workers", std::get<1>(info.param), "Shards");
                         });

TEST(PlainAllReduceLossTest, EqualsTheFastOneWithALossThatIsNotFinite) {
  for (const int shards : {3, 8}) {
    ArithmeticJob job;
    job.shards = shards;
    job.broken_loss_step = 1;
    ExpectAllEqual(3, job);
  }
}

}  // namespace
}  // namespace espalier
