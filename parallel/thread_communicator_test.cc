#include "parallel/thread_communicator.h"

#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "parallel/testing/communicator_contract.h"

namespace espalier {
namespace {

struct World {
  const char* name;
  int ranks;
  int maximum_delay;
};

class CommunicatorContractTest : public ::testing::TestWithParam<std::tuple<ContractCheck, World>> {};

TEST_P(CommunicatorContractTest, Holds) {
  const auto& [check, world] = GetParam();
  if (world.ranks == 1) check.run(*MakeSelfCommunicator());
  for (uint64_t seed = 1; seed <= 3; ++seed) RunRanks(world.ranks, {world.maximum_delay, seed}, check.run);
}

INSTANTIATE_TEST_SUITE_P(
    All, CommunicatorContractTest,
    ::testing::Combine(::testing::ValuesIn(CommunicatorContract()),
                       ::testing::Values(World{"One", 1, 0}, World{"Two", 2, 0}, World{"Five", 5, 0},
                                         World{"OneWithDelays", 1, 20}, World{"FiveWithDelays", 5, 20})),
    [](const auto& info) { return absl::StrCat(std::get<0>(info.param).name, std::get<1>(info.param).name); });

TEST(ThreadCommunicatorTest, DelaysChangeTheOrderBetweenRanks) {
  bool first[3] = {false, false, false};
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    RunRanks(3, {50, seed}, [&](Communicator& communicator) {
      const int rank = communicator.rank();
      if (rank > 0) {
        Request request = communicator.Send(&rank, sizeof rank, 0, 1);
        communicator.Wait(&request);
        return;
      }
      for (int message = 0; message < 2; ++message) {
        int from = 0;
        Request request = communicator.Receive(&from, sizeof from, Communicator::kAnySource, 1);
        communicator.Wait(&request);
        if (message == 0) first[from] = true;
      }
    });
  }
  EXPECT_TRUE(first[1] && first[2]);
}

TEST(ThreadCommunicatorDeathTest, AbortEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(RunRanks(2, {},
                       [](Communicator& communicator) {
                         if (communicator.rank() == 1) communicator.Abort("no disk", 7);
                         int word;
                         Request request = communicator.Receive(&word, sizeof word, 1, 1);
                         communicator.Wait(&request);
                       }),
              ::testing::ExitedWithCode(7), "\\[rank 1\\] no disk");
}

TEST(ThreadCommunicatorDeathTest, AMessageOfUnexpectedSizeEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(RunRanks(2, {},
                       [](Communicator& communicator) {
                         const int words[2] = {1, 2};
                         if (communicator.rank() == 1) communicator.Send(words, 8, 0, 3);
                         if (communicator.rank() == 1) return;
                         int word;
                         Request request = communicator.Receive(&word, 4, 1, 3);
                         communicator.Wait(&request);
                       }),
              ::testing::ExitedWithCode(1), "\\[rank 0\\] a message of rank 1 with tag 3: expected 4 bytes, got 8");
}

}  // namespace
}  // namespace espalier
