#include "tools/run_status.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

class RunStatusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(CreateDirectories(files_, directory_).ok());
  }
  absl::Status Put(const std::string& text) {
    return WriteFileAtomically(files_, JoinPath(directory_, "status.json"), text);
  }

  FileSystem* const files_ = FileSystem::Posix();
  std::string directory_;
};

TEST_F(RunStatusTest, ComesBackAsItWasWritten) {
  RunStatus status;
  status.state = RunStatus::State::kFailed;
  status.step = int64_t{1} << 40;
  status.exit_code = 1;
  status.started = StartMark();
  status.message = "x: \"No space left\"\n on the device";
  ASSERT_TRUE(WriteRunStatus(files_, directory_, status).ok());
  const absl::StatusOr<RunStatus> read = ReadRunStatus(files_, directory_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->state, status.state);
  EXPECT_EQ(read->step, status.step);
  EXPECT_EQ(read->exit_code, status.exit_code);
  EXPECT_EQ(read->started, status.started);
  EXPECT_EQ(read->message, status.message);
}

TEST_F(RunStatusTest, ItsTextIsAContract) {
  RunStatus status;
  status.step = 7;
  status.started = "now";
  ASSERT_TRUE(WriteRunStatus(files_, directory_, status).ok());
  EXPECT_EQ(*ReadFile(files_, JoinPath(directory_, "status.json"), 1000),
            "{\"state\":\"running\",\"step\":7,\"started\":\"now\",\"message\":\"\"}\n");
  EXPECT_FALSE(ReadRunStatus(files_, directory_)->exit_code.has_value());
}

TEST_F(RunStatusTest, AMessageThatIsNoUtf8) {
  RunStatus status;
  status.message = "f\xff" + std::string(10000, 'x');
  ASSERT_TRUE(WriteRunStatus(files_, directory_, status).ok());
  EXPECT_THAT(ReadRunStatus(files_, directory_)->message, HasSubstr("f?xxx"));
}

TEST_F(RunStatusTest, NoneAndNonsense) {
  EXPECT_TRUE(absl::IsNotFound(ReadRunStatus(files_, directory_).status()));
  for (const char* text : {"", "{}", "{\"state\":\"asleep\"}", "{\"state\":\"done\",\"step\":-1}",
                           "{\"state\":\"done\",\"exit_code\":99999999999}", "{\"state\":\"done\"} x"}) {
    ASSERT_TRUE(Put(text).ok());
    EXPECT_TRUE(absl::IsDataLoss(ReadRunStatus(files_, directory_).status())) << text;
  }
  ASSERT_TRUE(Put(R"({"state":"done","later":"field"})").ok());
  EXPECT_EQ(ReadRunStatus(files_, directory_)->state, RunStatus::State::kDone);
}

}  // namespace
}  // namespace espalier
