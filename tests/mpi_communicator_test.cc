// The contract of parallel/communicator.h between processes that mpirun starts, and how a job of them ends.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/mpirun.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

class MpiCommunicatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = WhyNoMpirun();
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
  ProcessResult Run(int ranks, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "parallel/testing/mpi_contract");
    return RunUnderMpirun(ranks, arguments);
  }
};

TEST_F(MpiCommunicatorTest, KeepsTheContract) {
  const ProcessResult result = Run(3, {});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  for (const char* rank : {"rank 0 of 3 launched", "rank 1 of 3 launched", "rank 2 of 3 launched"}) {
    EXPECT_THAT(result.out, HasSubstr(rank));
  }
}

TEST_F(MpiCommunicatorTest, KeepsTheContractAlone) {
  const ProcessResult result = Run(1, {});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_F(MpiCommunicatorTest, AbortEndsAllRanks) {
  const ProcessResult result = Run(3, {"abort"});
  EXPECT_EQ(result.exit_code, 7) << result.err;
  EXPECT_THAT(result.err, HasSubstr("[rank 1] no disk"));
}

TEST_F(MpiCommunicatorTest, MessagesOfUnexpectedSizeEndTheJob) {
  const ProcessResult shorter = Run(2, {"short"});
  EXPECT_EQ(shorter.exit_code, 1);
  EXPECT_THAT(shorter.err, HasSubstr("[rank 1] a message of rank 0 with tag 3: expected 8 bytes, got 4"));
  const ProcessResult longer = Run(2, {"long"});
  EXPECT_EQ(longer.exit_code, 1);
  EXPECT_THAT(longer.err, HasSubstr("[rank 1] a receive: MPI_ERR_TRUNCATE"));
}

}  // namespace
}  // namespace espalier
