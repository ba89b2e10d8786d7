// A run that is killed at random moments, or stopped by a signal, and resumed until it is done, ends with the same bits
// and the same metrics as one that nothing disturbed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "tests/testing/process.h"
#include "tests/testing/tiny_job.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

// How the tiny job is varied.
struct Variant {
  const char* name;
  std::vector<std::string> overrides;
};

class ResumeTest : public ::testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/", GetParam().name, "_",
                              ::testing::UnitTest::GetInstance()->current_test_info()->line());
    ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), directory_).ok());
    ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("tiny.pbtxt"), TinyJobText()).ok());
    const ProcessResult whole = Train("whole", {});
    ASSERT_EQ(whole.exit_code, 0) << whole.err;
    expected_ = Results("whole");
    ASSERT_EQ(expected_.size(), 5u);
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }
  std::map<std::string, std::string> Results(const std::string& output) {
    return ResultsOf(FileSystem::Posix(), Path(output));
  }

  ProcessResult Train(const std::string& output, const std::vector<std::string>& flags, ProcessOptions options = {}) {
    options.environment = {"OMP_NUM_THREADS=1"};
    std::vector<std::string> command = {"trainer/trainer", "--config", Path("tiny.pbtxt"), "--output_dir",
                                        Path(output)};
    command.insert(command.end(), {"--set=phase[0].epochs=4.25", "--set=output.metrics_steps=1"});
    for (const std::string& text : GetParam().overrides) command.push_back("--set=" + text);
    command.insert(command.end(), flags.begin(), flags.end());
    return RunProcess(command, options);
  }

  int64_t MetricsBytes(const std::string& output) const {
    const auto info = FileSystem::Posix()->Stat(JoinPath(Path(output), "metrics.jsonl"));
    return info.ok() ? static_cast<int64_t>(info->bytes) : 0;
  }

  // Sends `signal` to `times` runs, each at a random point of what is left to do, then lets one end.
  void Disturb(const std::string& output, int signal, int times) {
    Random random(7, absl::StrCat(GetParam().name, output), signal, 0);
    const int64_t whole = MetricsBytes("whole");
    for (int i = 0; i < times; ++i) {
      const int64_t done = MetricsBytes(output);
      const int64_t target = done + static_cast<int64_t>(random.Uniform() * 0.9f * static_cast<float>(whole - done));
      // Then some moments more, for the steps and checkpoints that follow a record.
      int delay = static_cast<int>(random.Below(10));
      ProcessOptions options;
      options.signals = {signal};
      options.signal_when = [&](const std::string&) { return MetricsBytes(output) >= target && delay-- == 0; };
      const ProcessResult result = Train(output, {"--resume"}, options);
      // A signal that comes before the handler is there ends the process, too.
      const bool stopped = result.signal == signal || (signal == SIGTERM && result.exit_code == 75);
      EXPECT_TRUE(stopped || result.exit_code == 0) << result.err;
      disturbed_ += stopped;
    }
    const ProcessResult result = Train(output, {"--resume"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }

  std::string directory_;
  int disturbed_ = 0;
  std::map<std::string, std::string> expected_;
};

TEST_P(ResumeTest, KillsLeaveNoTrace) {
  for (int round = 0; round < 3; ++round) {
    const std::string output = absl::StrCat("killed", round);
    Disturb(output, SIGKILL, 4);
    EXPECT_EQ(Results(output), expected_);
  }
  EXPECT_GE(disturbed_, 6);
}

TEST_P(ResumeTest, StopSignalsLeaveNoTrace) {
  Disturb("stopped", SIGTERM, 4);
  EXPECT_EQ(Results("stopped"), expected_);
  EXPECT_GE(disturbed_, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Variants, ResumeTest,
    ::testing::Values(Variant{"F32", {}},
                      // Overflows at first, so that steps are skipped; checkpoints are rare.
                      Variant{"F16",
                              {"precision={compute: F16 loss_scale {initial: 16777216 growth_interval: 4}}",
                               "output.checkpoint_steps=7"}}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace espalier
