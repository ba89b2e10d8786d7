// Every operation of Save fails, lies, or is the process's last, with every loss of power after it: the new checkpoint
// or the one before loads, exactly; and the next Save works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint.h"
#include "core/files/testing/faulty_file_system.h"
#include "core/random.h"
#include "glog/logging.h"

namespace espalier {
namespace {

using ::testing::AnyOf;

constexpr char kDirectory[] = "out/checkpoints";
constexpr int kLosses = 12;

// A state all of whose files tell `step` and `run`; a negative `best` is none.
TrainingState StateAt(int64_t step, int run, int64_t best = -1) {
  TrainingState training;
  training.state.set_global_step(step);
  training.state.set_seed(run);
  if (best >= 0) training.state.mutable_best()->set_step(best);
  const std::vector<float> values(40, static_cast<float>(100 * step + run));
  training.weights = {{"weight", Tensor::Of<float>({40}, values)}};
  training.optimizer = {{"momentum/weight", Tensor::Of<float>({40}, values)}};
  if (step == 2) training.transforms = {{"mask/weight", Tensor::Of<uint8_t>({1}, {static_cast<uint8_t>(run)})}};
  return training;
}

// "step 2 run 1", proven of all files; "none" if there is no checkpoint.
std::string Describe(const absl::StatusOr<Checkpoint>& checkpoint) {
  if (absl::IsNotFound(checkpoint.status())) return "none";
  if (!checkpoint.ok()) return std::string(checkpoint.status().message());
  const int64_t step = checkpoint->step();
  const uint64_t run = checkpoint->state().seed();
  TrainingState training = StateAt(0, 0);
  EXPECT_TRUE(checkpoint->ReadWeights(training.weights).ok());
  EXPECT_TRUE(checkpoint->ReadOptimizer(training.optimizer).ok());
  training.transforms = StateAt(step, 0).transforms;
  EXPECT_TRUE(checkpoint->ReadTransforms(training.transforms).ok());
  for (const NamedTensor& mask : training.transforms) EXPECT_EQ(mask.tensor.data<uint8_t>()[0], run);
  for (const Tensor& tensor : {training.weights[0].tensor, training.optimizer[0].tensor}) {
    for (const float value : tensor.span<float>()) EXPECT_EQ(value, static_cast<float>(100 * step + run));
  }
  return absl::StrCat("step ", step, " run ", run);
}

std::string Latest(FileSystem* files) { return Describe(CheckpointStore(files, kDirectory).LoadLatest()); }

void MaybeLosePower(FaultyFileSystem* files, int loss) {
  if (loss == 1) files->LosePower(Survival::kSyncedOnly);
  if (loss == 2) files->LosePower(Survival::kNames);
  if (loss > 2) files->LosePower(Survival::kRandom, loss);
}

// What was saved before, what is saved while the fault strikes, and what may be found.
struct Scenario {
  std::string name;
  std::vector<TrainingState> before;
  TrainingState saved;
  std::string old_checkpoint;
  std::string new_checkpoint;
  std::string best = "none";
  int keep = 1;
};

std::vector<Scenario> Scenarios() {
  return {{"the first", {}, StateAt(1, 0), "none", "step 1 run 0"},
          {"the next, the old one removed", {StateAt(1, 0)}, StateAt(2, 0), "step 1 run 0", "step 2 run 0"},
          {"one of the same step", {StateAt(2, 0)}, StateAt(2, 1), "step 2 run 0", "step 2 run 1"},
          {"one of an earlier step", {StateAt(3, 0)}, StateAt(2, 1), "step 3 run 0", "step 2 run 1"},
          {"the best kept beside",
           {StateAt(1, 0, 1), StateAt(2, 0, 1)},
           StateAt(3, 0, 1),
           "step 2 run 0",
           "step 3 run 0",
           "step 1 run 0"}};
}

std::unique_ptr<FaultyFileSystem> Before(const Scenario& scenario) {
  auto files = std::make_unique<FaultyFileSystem>();
  CheckpointStore store(files.get(), kDirectory, scenario.keep);
  for (const TrainingState& training : scenario.before) EXPECT_TRUE(store.Save(training).ok());
  EXPECT_EQ(Latest(files.get()), scenario.old_checkpoint);
  return files;
}

// After the fault and the loss of power.
void CheckOutcome(const Scenario& scenario, FaultyFileSystem* files, bool saved) {
  if (saved) {
    ASSERT_EQ(Latest(files), scenario.new_checkpoint);
  } else {
    ASSERT_THAT(Latest(files), AnyOf(scenario.old_checkpoint, scenario.new_checkpoint));
  }
  CheckpointStore store(files, kDirectory, scenario.keep);
  ASSERT_EQ(Describe(store.LoadBest()), scenario.best);
  const absl::Status again = store.Save(scenario.saved);
  ASSERT_TRUE(again.ok()) << again;
  const std::vector<DirectoryEntry> entries = *files->List(kDirectory);
  ASSERT_EQ(entries.size(), store.Steps()->size()) << "leftovers";
  ASSERT_LE(entries.size(), 2u);
  files->LosePower(Survival::kSyncedOnly);
  ASSERT_EQ(Latest(files), scenario.new_checkpoint);
}

class CheckpointFaultTest : public ::testing::TestWithParam<FileOperation> {
 protected:
  static void SetUpTestSuite() { FLAGS_minloglevel = google::GLOG_ERROR; }  // the warnings are meant here
};

TEST_P(CheckpointFaultTest, OldOrNewLoads) {
  for (const Scenario& scenario : Scenarios()) {
    SCOPED_TRACE(scenario.name);
    const std::unique_ptr<FaultyFileSystem> before = Before(scenario);
    for (const Fault fault : {Fault{ENOSPC, 100}, Fault{EIO}, Fault{EIO, 0, /*lasting=*/true}}) {
      bool faulted = true;
      for (int n = 1; faulted; ++n) {
        SCOPED_TRACE(absl::StrCat(Name(GetParam()), " ", n, " error ", fault.error, " lasting ", fault.lasting));
        for (int loss = 0; loss < kLosses; ++loss) {
          const std::unique_ptr<FaultyFileSystem> files = before->Copy();
          files->FailNth(GetParam(), n, fault);
          const absl::Status status = CheckpointStore(files.get(), kDirectory, scenario.keep).Save(scenario.saved);
          faulted = files->faulted();
          files->ClearFaults();
          MaybeLosePower(files.get(), loss);
          ASSERT_NO_FATAL_FAILURE(CheckOutcome(scenario, files.get(), status.ok())) << "loss " << loss;
        }
      }
    }
  }
}

// An operation that claims success and does nothing, or half. Save cannot know it; what loads is never a mixture.
TEST_P(CheckpointFaultTest, LiesOfTheDiskAreFoundWhenLoading) {
  Scenario scenario = Scenarios()[1];
  scenario.keep = 2;
  const std::unique_ptr<FaultyFileSystem> before = Before(scenario);
  for (const uint64_t arriving : {0, 70}) {
    bool faulted = true;
    for (int n = 1; faulted; ++n) {
      for (int loss = 0; loss < kLosses; ++loss) {
        const std::unique_ptr<FaultyFileSystem> files = before->Copy();
        files->FailNth(GetParam(), n, {/*error=*/0, arriving});
        CheckpointStore(files.get(), kDirectory, scenario.keep).Save(scenario.saved).IgnoreError();
        faulted = files->faulted();
        files->ClearFaults();
        MaybeLosePower(files.get(), loss);
        ASSERT_NO_FATAL_FAILURE(CheckOutcome(scenario, files.get(), /*saved=*/false))
            << Name(GetParam()) << " " << n << " loss " << loss;
      }
    }
  }
}

std::string TestName(const ::testing::TestParamInfo<FileOperation>& info) {
  std::string name = Name(info.param);
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  return name;
}

INSTANTIATE_TEST_SUITE_P(Every, CheckpointFaultTest, ::testing::ValuesIn(kAllFileOperations), TestName);

TEST(CheckpointKill, OldOrNewLoadsAfterAKillAtEveryOperation) {
  for (const Scenario& scenario : Scenarios()) {
    SCOPED_TRACE(scenario.name);
    const std::unique_ptr<FaultyFileSystem> before = Before(scenario);
    bool faulted = true;
    for (int n = 1; faulted; ++n) {
      for (int loss = 0; loss < kLosses; ++loss) {
        const std::unique_ptr<FaultyFileSystem> files = before->Copy();
        files->KillAt(n);
        const absl::Status status = CheckpointStore(files.get(), kDirectory, scenario.keep).Save(scenario.saved);
        faulted = files->faulted();
        files->ClearFaults();
        MaybeLosePower(files.get(), loss);
        ASSERT_NO_FATAL_FAILURE(CheckOutcome(scenario, files.get(), status.ok())) << "kill " << n << " loss " << loss;
      }
    }
  }
}

// A long run that meets a fault in every other save, often loses power, and resumes from whatever loads.
TEST(CheckpointSoak, EveryResumeFindsTheOldOrTheNewAndItsBest) {
  for (int seed = 0; seed < 20; ++seed) {
    Random random(seed, "soak", 0, 0);
    FaultyFileSystem files;
    const int keep = 1 + seed % 3;
    // Checkpoints as Describe() tells them: what the last resume found, what no loss of power can take any more, and
    // the best as each saw it.
    std::string latest = "none", durable = "none";
    std::map<std::string, std::string> best_of = {{"none", "none"}};
    int64_t step = 0, best = -1;
    for (int run = 1; run < 60; ++run) {
      SCOPED_TRACE(absl::StrCat("seed ", seed, " run ", run));
      step += 1 + random.Below(2);
      const std::string attempted = absl::StrCat("step ", step, " run ", run);
      if (random.Below(3) == 0) best = step;
      best_of[attempted] = best == step ? attempted : best_of[latest];
      if (random.Below(2) == 0) files.KillAt(1 + random.Below(60));
      if (random.Below(4) == 0) files.FailNth(kAllFileOperations[random.Below(12)], 1 + random.Below(3));
      const bool saved = CheckpointStore(&files, kDirectory, keep).Save(StateAt(step, run, best)).ok();
      files.ClearFaults();
      if (saved) durable = latest = attempted;
      const bool power_lost = random.Below(3) == 0;
      if (power_lost) files.LosePower(random.Below(2) == 0 ? Survival::kRandom : Survival::kNames, run);

      CheckpointStore resumed(&files, kDirectory, keep);
      const absl::StatusOr<Checkpoint> checkpoint = resumed.LoadLatest();
      const std::string found = Describe(checkpoint);
      ASSERT_THAT(found, AnyOf(attempted, latest, durable));
      if (saved) ASSERT_EQ(found, attempted);
      if (power_lost) durable = found;
      latest = found;
      ASSERT_EQ(Describe(resumed.LoadBest()), best_of[found]);
      step = checkpoint.ok() ? checkpoint->step() : 0;
      best = checkpoint.ok() && checkpoint->state().has_best() ? checkpoint->state().best().step() : -1;
    }
    EXPECT_NE(latest, "none");
  }
}

}  // namespace
}  // namespace espalier
