// Every operation on files is made to fail once, in a run of its own, followed by a loss of power: the resumed run ends
// with the same bits and metrics as one that nothing disturbed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/files/testing/faulty_file_system.h"
#include "tests/testing/tiny_job.h"
#include "trainer/exit_code.h"
#include "trainer/trainer.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

constexpr char kOutput[] = "/run";

// Fewer operations than the tiny job's own: a checkpoint every four steps.
absl::StatusOr<TrainingResult> Train(
    FileSystem* files, StartMode mode, std::ostringstream* out,
    const std::function<bool()>& stop_requested = [] { return false; }) {
  TrainerOptions options;
  options.stop_requested = stop_requested;
  options.output_dir = kOutput;
  options.mode = mode;
  options.files = files;
  options.out = out;
  return Trainer(PrepareTinyJob({"output.checkpoint_steps=4", "output.metrics_steps=2", "output.histograms=false"}),
                 options)
      .Run();
}

class FaultTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    FaultyFileSystem files;
    std::ostringstream out;
    const auto result = Train(&files, StartMode::kNew, &out);
    ASSERT_TRUE(result.ok()) << result.status();
    expected_ = new std::map<std::string, std::string>(ResultsOf(&files, kOutput));
    ASSERT_EQ(expected_->size(), 5u);
  }

  // Resumes after a fault and a loss of power.
  static void ExpectRecovery(FaultyFileSystem* files, Survival survival, uint64_t seed) {
    files->ClearFaults();
    files->LosePower(survival, seed);
    std::ostringstream out;
    const auto result = Train(files, StartMode::kResume, &out);
    ASSERT_TRUE(result.ok()) << result.status() << "\n" << out.str();
    EXPECT_EQ(ResultsOf(files, kOutput), *expected_) << out.str();
  }

  static const std::map<std::string, std::string>* expected_;
};

const std::map<std::string, std::string>* FaultTest::expected_ = nullptr;

struct FaultCase {
  const char* name;
  FileOperation operation;
  Fault fault;
  Survival survival;
  int stride = 1;  // of the operations tried: more for the most frequent
};

class EveryFaultTest : public FaultTest, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(EveryFaultTest, ResumesWithTheSameBits) {
  const FaultCase& test = GetParam();
  int faults = 0;
  for (int n = 1;; n += test.stride) {
    SCOPED_TRACE(n);
    FaultyFileSystem files;
    files.FailNth(test.operation, n, test.fault);
    std::ostringstream out;
    const auto result = Train(&files, StartMode::kNew, &out);
    if (!files.faulted()) {
      EXPECT_TRUE(result.ok()) << result.status();
      break;
    }
    ++faults;
    if (!result.ok()) {
      EXPECT_EQ(ExitCodeOf(result.status()), kFailed) << result.status();
      EXPECT_THAT(std::string(result.status().message()), HasSubstr("/"));
    }
    ExpectRecovery(&files, test.survival, n);
    if (HasFailure()) return;
  }
  EXPECT_GT(faults, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Operations, EveryFaultTest,
    ::testing::Values(FaultCase{"Open", FileOperation::kOpen, {EIO}, Survival::kSyncedOnly},
                      FaultCase{"FullDisk", FileOperation::kWrite, {ENOSPC, 0, true}, Survival::kNames, 5},
                      FaultCase{"ShortWrite", FileOperation::kWrite, {ENOSPC, 7}, Survival::kSyncedOnly, 3},
                      FaultCase{"TornWrite", FileOperation::kWrite, {EIO, 100, true}, Survival::kRandom, 4},
                      FaultCase{"Sync", FileOperation::kSync, {EIO}, Survival::kRandom},
                      FaultCase{"Rename", FileOperation::kRename, {EIO}, Survival::kSyncedOnly},
                      FaultCase{"SyncDirectory", FileOperation::kSyncDirectory, {EIO}, Survival::kRandom},
                      FaultCase{"Close", FileOperation::kClose, {EIO}, Survival::kSyncedOnly}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(FaultTest, DeathAtAnyOperation) {
  int deaths = 0;
  for (int n = 1;; n += 7) {
    SCOPED_TRACE(n);
    FaultyFileSystem files;
    files.KillAt(n);
    std::ostringstream out;
    (void)Train(&files, StartMode::kNew, &out);
    if (!files.faulted()) break;
    ++deaths;
    ExpectRecovery(&files, Survival::kRandom, n);
    if (HasFailure()) return;
  }
  EXPECT_GT(deaths, 30);
}

TEST_F(FaultTest, TellsOfAFullDiskAndKeepsTheCheckpointBefore) {
  FaultyFileSystem files;
  files.FailNth(FileOperation::kWrite, 60, {ENOSPC, 10, true});
  std::ostringstream out;
  const auto result = Train(&files, StartMode::kNew, &out);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(ExitCodeOf(result.status()), kFailed);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("No space left on device"));
  files.ClearFaults();
  EXPECT_TRUE(CheckpointStore(&files, JoinPath(kOutput, "checkpoints")).LoadLatest().ok());
}

// Between any two steps, and between the batches of a validation.
TEST_F(FaultTest, StopsAtAnyMoment) {
  int stops = 0;
  for (int n = 0;; ++n) {
    SCOPED_TRACE(n);
    FaultyFileSystem files;
    std::ostringstream out;
    int polls = 0;
    const auto result = Train(&files, StartMode::kNew, &out, [&] { return polls++ >= n; });
    ASSERT_TRUE(result.ok()) << result.status();
    if (!result->stopped) break;
    ++stops;
    ExpectRecovery(&files, Survival::kSyncedOnly, n);
    if (HasFailure()) return;
  }
  EXPECT_GT(stops, 20 + 4 * 3);
}

TEST_F(FaultTest, ACorruptCheckpointGivesWayToTheOneBefore) {
  FaultyFileSystem files;
  std::ostringstream out;
  ASSERT_TRUE(Train(&files, StartMode::kNew, &out).ok());
  files.FlipBit(JoinPath(kOutput, "checkpoints/step-20/weights.safetensors"), 3000);
  std::ostringstream resumed;
  ASSERT_TRUE(Train(&files, StartMode::kResume, &resumed).ok());
  EXPECT_THAT(resumed.str(), HasSubstr("checkpoint of step 20 not used: "));
  EXPECT_THAT(resumed.str(), HasSubstr("weights.safetensors"));
  EXPECT_THAT(resumed.str(), HasSubstr("resuming at step 16\n"));
  EXPECT_EQ(ResultsOf(&files, kOutput), *expected_);
}

}  // namespace
}  // namespace espalier
