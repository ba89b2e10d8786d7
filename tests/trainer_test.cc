// The trainer program as a user meets it: flags, exit codes, messages, files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint.h"
#include "tests/testing/process.h"
#include "tests/testing/tiny_job.h"
#include "trainer/metrics.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kDone = 0, kFailed = 1, kBadInput = 2, kStopped = 75;

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(CreateDirectories(files_, directory_).ok());
    ASSERT_TRUE(WriteFileAtomically(files_, Path("tiny.pbtxt"), TinyJobText()).ok());
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }
  std::string Read(const std::string& name) { return ReadFile(files_, Path(name), 1 << 24).value_or("(none)"); }

  // With the arguments alone.
  ProcessResult Run(std::vector<std::string> arguments, ProcessOptions options = {}) {
    arguments.insert(arguments.begin(), "trainer/trainer");
    options.environment = {"ESPALIER_DATA_DIR=", "OMP_NUM_THREADS=1"};
    return RunProcess(arguments, options);
  }
  // The tiny job into the test's own output directory.
  ProcessResult Train(std::vector<std::string> flags = {}, const ProcessOptions& options = {}) {
    const std::vector<std::string> first = {"--config", Path("tiny.pbtxt"), "--output_dir", Path("run")};
    flags.insert(flags.begin(), first.begin(), first.end());
    return Run(flags, options);
  }

  FileSystem* const files_ = FileSystem::Posix();
  std::string directory_;
};

TEST_F(TrainerTest, HelpsAndExplainsBadFlags) {
  const ProcessResult help = Run({"--help"});
  EXPECT_EQ(help.exit_code, kDone);
  EXPECT_THAT(help.out, AllOf(HasSubstr("--config FILE"), HasSubstr("--resume"), HasSubstr("Exit codes:")));
  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } kBad[] = {
      {{}, "give --config FILE"},
      {{"--cofnig", "lenet5"}, "unknown flag --cofnig; did you mean config?"},
      {{"lenet5"}, "found \"lenet5\"; a job is given as --config lenet5"},
      {{"--config", "lenet5", "--benchmark_steps", "many"}, "--benchmark_steps: expected a whole number"},
      {{"--config", "lenet5", "--resume", "--overwrite"}, "give one of them"},
      {{"--config", "lenet5", "--set"}, "--set: expected PATH=VALUE, found nothing"},
      {{"--config", "/none/such.pbtxt"}, "/none/such.pbtxt"},
  };
  for (const auto& bad : kBad) {
    const ProcessResult result = Run(bad.arguments);
    EXPECT_EQ(result.exit_code, kBadInput) << result.err;
    EXPECT_THAT(result.err, HasSubstr(bad.message));
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST_F(TrainerTest, TellsAllErrorsOfAJobAtOnce) {
  const ProcessResult result = Train({"--set", "phase[0].epocs=3", "--set", "optimizer.sgd.momentum=2"});
  EXPECT_EQ(result.exit_code, kBadInput);
  EXPECT_THAT(result.err, AllOf(HasSubstr("epochs"), HasSubstr("optimizer.sgd.momentum")));
  EXPECT_FALSE(files_->Exists(Path("run")));
}

TEST_F(TrainerTest, TellsMissingDataAndShapeErrorsTogether) {
  const ProcessResult result =
      Train({"--data_dir", "/none", "--set", "data.train={mnist {}}", "--set", "model.layer[0].conv.kernel=99"});
  EXPECT_EQ(result.exit_code, kBadInput);
  EXPECT_THAT(result.err, AllOf(HasSubstr("/none/mnist"), HasSubstr("--data_dir"), HasSubstr("layer \"conv\"")));
}

TEST_F(TrainerTest, DryRunProvesTheJobAndWritesNothing) {
  const ProcessResult result = Train({"--dry_run"});
  EXPECT_EQ(result.exit_code, kDone);
  // 4 * (25 + 1) + 2 * 4 of the convolution and the norm, (4 * 6 * 6 + 1) * 10 of the dense layer.
  EXPECT_THAT(result.out, AllOf(HasSubstr("1,562 parameters"), HasSubstr("8 steps an epoch"), HasSubstr("10 steps"),
                                HasSubstr("activations"), HasSubstr("dense")));
  EXPECT_FALSE(files_->Exists(Path("run")));
}

TEST_F(TrainerTest, EndsInASummaryOfItsFiles) {
  const ProcessResult result = Train();
  ASSERT_EQ(result.exit_code, kDone) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  for (const char* name : {"metrics.jsonl", "curves.svg", "job.pbtxt", "events.out.tfevents.", "checkpoints/step-20"}) {
    EXPECT_THAT(result.out, HasSubstr(absl::StrCat(Path("run"), "/", name)));
  }
  EXPECT_THAT(Read("run/curves.svg"), HasSubstr("<svg"));
  // The job as it ran can be run again.
  const ProcessResult again = Run({"--config", Path("run/job.pbtxt"), "--output_dir", Path("again")});
  ASSERT_EQ(again.exit_code, kDone) << again.err;
  EXPECT_EQ(ResultsOf(files_, Path("again")), ResultsOf(files_, Path("run")));
  EXPECT_EQ(Read("again/job.pbtxt"), Read("run/job.pbtxt"));
}

TEST_F(TrainerTest, KeepsARunUnlessToldOtherwise) {
  ASSERT_EQ(Train().exit_code, kDone);
  const auto results = ResultsOf(files_, Path("run"));
  const ProcessResult refused = Train();
  EXPECT_EQ(refused.exit_code, kBadInput);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("step 20"), HasSubstr("--resume"), HasSubstr("--overwrite")));
  const ProcessResult resumed = Train({"--resume"});
  EXPECT_EQ(resumed.exit_code, kDone);
  EXPECT_THAT(resumed.out, AllOf(HasSubstr("resuming at step 20"), HasSubstr("done already"), HasSubstr("files")));
  EXPECT_EQ(ResultsOf(files_, Path("run")), results);
  const ProcessResult replaced = Train({"--overwrite", "--set", "seed=2"});
  EXPECT_EQ(replaced.exit_code, kDone);
  EXPECT_NE(ResultsOf(files_, Path("run")), results);
  EXPECT_THAT(Read("run/job.pbtxt"), HasSubstr("seed: 2"));
}

TEST_F(TrainerTest, ResumesNothingByBeginningAnew) {
  const ProcessResult result = Train({"--resume"});
  EXPECT_EQ(result.exit_code, kDone);
  EXPECT_THAT(result.out, HasSubstr("no checkpoint in " + Path("run") + ": beginning anew"));
}

TEST_F(TrainerTest, TellsWhatChangedSinceTheCheckpoint) {
  ASSERT_EQ(Train({"--set", "phase[2].epochs=0.25"}).exit_code, kDone);
  const ProcessResult longer = Train({"--resume", "--set", "phase[2].epochs=1"});
  EXPECT_EQ(longer.exit_code, kDone) << longer.err;
  EXPECT_THAT(longer.out, AllOf(HasSubstr("resuming at step 18"), HasSubstr("phase[2].epochs: 1, was 0.25")));
  EXPECT_TRUE(files_->Exists(Path("run/checkpoints/step-24")));

  const ProcessResult wider = Train({"--resume", "--set", "model.layer[0].conv.channels=8"});
  EXPECT_EQ(wider.exit_code, kBadInput);
  EXPECT_THAT(wider.out, HasSubstr("model.layer[0].conv.channels: 8, was 4"));
  EXPECT_THAT(wider.err, AllOf(HasSubstr("cannot resume"), HasSubstr("conv/weight"), HasSubstr("dense/weight"),
                               HasSubstr("job.pbtxt")));
  const ProcessResult batch = Train({"--resume", "--set", "data.batch_size=4"});
  EXPECT_EQ(batch.exit_code, kBadInput);
  EXPECT_THAT(batch.err, HasSubstr("8 steps an epoch, the job has 16"));
  // A refused resume leaves the run as it was.
  EXPECT_THAT(Read("run/job.pbtxt"), HasSubstr("batch_size: 8"));
}

TEST_F(TrainerTest, OneRunAtATimeInADirectory) {
  const absl::Status made = CreateDirectories(files_, Path("run"));
  ASSERT_TRUE(made.ok());
  const auto lock = files_->LockDirectory(Path("run"));
  ASSERT_TRUE(lock.ok());
  const ProcessResult result = Train();
  EXPECT_EQ(result.exit_code, kBadInput);
  EXPECT_THAT(result.err, HasSubstr("in use by process "));
}

TEST_F(TrainerTest, RefusesAnOutputDirectoryThatIsAFile) {
  ASSERT_TRUE(WriteFileAtomically(files_, Path("run"), "text").ok());
  const ProcessResult result = Train();
  EXPECT_EQ(result.exit_code, kBadInput);
  EXPECT_THAT(result.err, HasSubstr(Path("run")));
}

TEST_F(TrainerTest, SignalsSaveAndStop) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    ProcessOptions options;
    options.signal_when = [](const std::string& out) { return absl::StrContains(out, "epoch 1/100"); };
    options.signals = {signal, signal};  // the second one changes nothing
    const ProcessResult result = Train({"--overwrite", "--set", "phase[0].epochs=100"}, options);
    EXPECT_EQ(result.exit_code, kStopped) << result.err;
    EXPECT_THAT(result.out, HasSubstr("saved; continue with --resume"));
    EXPECT_THAT(result.err, HasSubstr("stopping after this step"));
  }
  EXPECT_EQ(Train({"--resume"}).exit_code, kDone);
}

TEST_F(TrainerTest, TellsWhereTheTrainingDiverged) {
  const ProcessResult result =
      Train({"--set", "optimizer={sgd {}}", "--set", "phase[0].learning_rate={constant: 1e30}"});
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("diverged"), HasSubstr("not finite"), HasSubstr("try a smaller learning rate")));
  const ProcessResult in_layer = Train({"--overwrite", "--set", "model.layer[5].dense.weight_init={constant: 3e38}"});
  EXPECT_EQ(in_layer.exit_code, kFailed);
  EXPECT_THAT(in_layer.err, AllOf(HasSubstr("the loss of step 1"), HasSubstr("layer \"dense\""),
                                  HasSubstr("no checkpoint was saved before")));
}

TEST_F(TrainerTest, TellsWhenAFileCannotGrow) {
  ProcessOptions options;
  options.file_size_limit = 2000;
  const ProcessResult result = Train({}, options);
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_THAT(result.err, HasSubstr("File too large"));
}

// A picture that turns out to be corrupt in the middle of an epoch.
TEST_F(TrainerTest, NamesACorruptPicture) {
  for (const char* name : {"a/1.png", "b/1.png"}) {
    ASSERT_TRUE(CreateDirectories(files_, ParentDirectory(Path(name))).ok());
    const std::string signature = "\x89PNG\r\n\x1a\n";
    ASSERT_TRUE(WriteFileAtomically(files_, Path(name), signature + "garbage that is no chunk of a picture").ok());
  }
  const ProcessResult result =
      Train({"--set", absl::StrCat("data.train={image_folder {folder: '", directory_, "' size: 28}}"), "--set",
             "model.input[0].dims=[3, 28, 28]", "--set", "data.batch_size=2", "--set",
             absl::StrCat("data.validation={image_folder {folder: '", directory_, "' size: 28}}")});
  EXPECT_EQ(result.exit_code, kBadInput);
  EXPECT_THAT(result.err, AnyOf(HasSubstr(Path("a/1.png")), HasSubstr(Path("b/1.png"))));
}

TEST_F(TrainerTest, StopsEarlyAndKeepsTheBest) {
  // No validation gains more than 1, so after the first the patience runs out.
  const ProcessResult result =
      Train({"--set", "phase[0].epochs=9", "--set", "phase[0].early_stop.minimum_gain=1", "--set",
             "output.checkpoint_steps=0", "--set", "output.keep_checkpoints=1", "--set", "phase[1].epochs=4"});
  ASSERT_EQ(result.exit_code, kDone) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("plateau 1/3  epoch 3/9"), Not(HasSubstr("plateau 1/3  epoch 4/9")),
                                HasSubstr("adam 2/3  epoch 4/4"), HasSubstr("(best)")));

  CheckpointStore store(files_, Path("run/checkpoints"));
  const absl::StatusOr<Checkpoint> latest = store.LoadLatest(), best = store.LoadBest();
  ASSERT_TRUE(latest.ok() && best.ok()) << latest.status() << best.status();
  EXPECT_EQ(latest->step(), (3 + 4) * 8 + 4);
  const auto records = ReadMetrics(files_, Path("run/metrics.jsonl"));
  ASSERT_TRUE(records.ok());
  const MetricsRecord* highest = nullptr;
  for (const MetricsRecord& record : *records) {
    if (record.split != MetricsRecord::Split::kValidation) continue;
    if (highest == nullptr || *record.top1 > *highest->top1) highest = &record;
  }
  ASSERT_NE(highest, nullptr);
  EXPECT_EQ(best->step(), highest->step);
  EXPECT_EQ(static_cast<float>(best->state().best().value()), *highest->top1);
  const auto steps = store.Steps();
  ASSERT_TRUE(steps.ok());
  EXPECT_EQ(*steps,
            std::vector<int64_t>(best->step() == latest->step() ? std::vector<int64_t>{latest->step()}
                                                                : std::vector<int64_t>{best->step(), latest->step()}));
}

}  // namespace
}  // namespace espalier
