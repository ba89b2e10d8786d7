#include "trainer/team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "parallel/thread_communicator.h"
#include "trainer/exit_code.h"

namespace espalier {
namespace {

const ThreadRankOptions kDelays = {15, 3};

// What the workers, on hosts "h0", "h1", ..., get of the errors that they bring.
std::vector<absl::Status> Agreed(const std::vector<absl::Status>& mine) {
  std::vector<absl::Status> found(mine.size());
  RunRanks(static_cast<int>(mine.size()), kDelays, [&](Communicator& communicator) {
    Team team(&communicator, absl::StrCat("h", communicator.rank()));
    found[communicator.rank()] = team.Agree(mine[communicator.rank()]);
  });
  return found;
}

TEST(TeamTest, AllGetTheFirstErrorWithHostAndRank) {
  const absl::Status ok;
  for (const absl::Status& status :
       Agreed({ok, absl::DataLossError("picture 7"), ok, absl::NotFoundError("picture 9")})) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(status.message(), "rank 1 (h1): picture 7 (and 1 more rank failed)");
    EXPECT_TRUE(IsShared(status));
    EXPECT_EQ(ExitCodeOf(status), kFailed);
  }
}

TEST(TeamTest, AnErrorStaysOneOfBadInput) {
  const absl::Status ok;
  for (const absl::Status& status : Agreed({ok, ok, BadInput(absl::NotFoundError("no such folder"))})) {
    EXPECT_EQ(status.message(), "rank 2 (h2): no such folder");
    EXPECT_TRUE(IsShared(status));
    EXPECT_EQ(ExitCodeOf(status), kBadInput);
  }
}

TEST(TeamTest, AnErrorThatAllHaveIsToldAsItIs) {
  const absl::Status error = BadInput(absl::InvalidArgumentError("job.pbtxt:3:1: wrong"));
  for (const absl::Status& status : Agreed({error, error, error})) {
    EXPECT_EQ(status.message(), "job.pbtxt:3:1: wrong");
    EXPECT_TRUE(IsShared(status));
    EXPECT_EQ(ExitCodeOf(status), kBadInput);
  }
}

TEST(TeamTest, AgreesWhereAllIsWell) {
  for (const absl::Status& status : Agreed({absl::OkStatus(), absl::OkStatus()})) EXPECT_TRUE(status.ok()) << status;
}

TEST(TeamTest, SharesTheLeadersTextAndAnybodysWish) {
  RunRanks(3, kDelays, [](Communicator& communicator) {
    Team team(&communicator);
    EXPECT_EQ(team.worker(), communicator.rank());
    EXPECT_EQ(team.workers(), 3);
    EXPECT_EQ(team.leads(), communicator.rank() == 0);
    EXPECT_EQ(team.Share(absl::StrCat("of ", communicator.rank())), "of 0");
    EXPECT_EQ(team.Share(""), "");
    for (int wisher = 0; wisher < 3; ++wisher) EXPECT_TRUE(team.Any(communicator.rank() == wisher));
    EXPECT_FALSE(team.Any(false));
  });
}

TEST(TeamTest, AloneItAgreesWithItself) {
  Team team(nullptr);
  EXPECT_TRUE(team.leads());
  EXPECT_EQ(team.workers(), 1);
  EXPECT_EQ(team.Agree(absl::NotFoundError("gone")).message(), "gone");
  EXPECT_TRUE(team.Agree(absl::OkStatus()).ok());
  EXPECT_EQ(team.Share("text"), "text");
  EXPECT_TRUE(team.Any(true));
  EXPECT_FALSE(team.Any(false));
}

}  // namespace
}  // namespace espalier
