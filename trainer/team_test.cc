#include "trainer/team.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parallel/thread_communicator.h"
#include "trainer/exit_code.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

TEST(Team, AloneKeepsItsOwnErrors) {
  Team team(nullptr);
  EXPECT_TRUE(team.leads());
  EXPECT_EQ(team.workers(), 1);
  const absl::Status status = team.Agree(absl::NotFoundError("gone"));
  EXPECT_EQ(status.message(), "gone");
  EXPECT_FALSE(IsShared(status));
  EXPECT_EQ(team.Share("text"), "text");
  EXPECT_TRUE(team.Any(true));
}

TEST(Team, AllHaveTheErrorOfTheFirstThatHasOne) {
  RunRanks(4, {}, [](Communicator& communicator) {
    Team team(&communicator, "here");
    EXPECT_EQ(team.leads(), communicator.rank() == 0);
    EXPECT_TRUE(team.Agree(absl::OkStatus()).ok());
    const absl::Status mine =
        communicator.rank() < 2 ? absl::OkStatus() : BadInput(absl::NotFoundError("no such picture"));
    const absl::Status status = team.Agree(mine);
    EXPECT_TRUE(absl::IsNotFound(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("rank 2 (here): no such picture"));
    EXPECT_TRUE(IsShared(status));
    EXPECT_EQ(ExitCodeOf(status), kBadInput);
  });
}

TEST(Team, SharesWhatTheLeaderKnows) {
  RunRanks(3, {}, [](Communicator& communicator) {
    Team team(&communicator);
    EXPECT_EQ(team.Share(team.leads() ? "the state" : "ignored"), "the state");
    EXPECT_TRUE(team.Any(team.worker() == 2));
    EXPECT_FALSE(team.Any(false));
  });
}

}  // namespace
}  // namespace espalier
