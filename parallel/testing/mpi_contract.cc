// The checks of parallel/testing/communicator_contract.h, and of what is built upon it, among the ranks of an MPI job:
//   mpirun -n 3 mpi_contract [abort | short | long]
// With an argument it fails instead, as it says, on rank 1.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "gtest/gtest.h"
#include "parallel/collectives.h"
#include "parallel/mpi_communicator.h"
#include "parallel/range_reduction.h"
#include "parallel/testing/communicator_contract.h"
#include "parallel/testing/shard_values.h"

namespace espalier {
namespace {

Communicator* world = nullptr;

class MpiContractTest : public ::testing::TestWithParam<ContractCheck> {};

TEST_P(MpiContractTest, Holds) { GetParam().run(*world); }

INSTANTIATE_TEST_SUITE_P(All, MpiContractTest, ::testing::ValuesIn(CommunicatorContract()),
                         [](const auto& info) { return info.param.name; });

// What is built upon messages, over the real transport.
TEST(MpiCollectivesTest, Hold) {
  const int rank = world->rank(), size = world->size();
  Barrier(world);
  std::string text(3000000, static_cast<char>('a' + rank));
  Broadcast(world, text.data(), text.size(), size - 1);
  EXPECT_EQ(text, std::string(text.size(), static_cast<char>('a' + size - 1)));
  const std::vector<std::string> all = AllGatherStrings(world, std::string(rank * 50000, 'x'));
  for (int other = 0; other < size; ++other) EXPECT_EQ(all[other].size(), other * 50000);
  EXPECT_EQ(AllGather(world, 7 * rank).back(), 7 * (size - 1));
}

TEST(MpiRangeReductionTest, EqualsTheTreesSumBitForBit) {
  constexpr int64_t kElements = 200000;
  constexpr int kShards = 8;
  RangeReductionOptions options;
  options.shards = kShards;
  options.chunk_elements = 10000;
  RangeReduction reduction(world, {{160000, kElements}, {16, 160000}}, options);
  for (uint64_t step = 1; step <= 3; ++step) {
    WorkerSums mine(step, kShards, world->rank(), world->size(), kElements);
    std::vector<float> expected = TreeSum(step, 0, kShards, kElements);
    std::vector<float>& result = mine.memory.front();
    std::copy_n(result.begin(), 16, expected.begin());
    reduction.Begin(mine.sums, result.data());
    for (int range = 0; range < 2; ++range) {
      reduction.Launch();
      reduction.Progress();
    }
    for (int attempt = 0; !reduction.done(); ++attempt) {
      if (!reduction.Progress()) world->Idle(attempt);
    }
    EXPECT_TRUE(result == expected) << "step " << step;
  }
}

void Fail(absl::string_view how) {
  const int words[3] = {1, 2, 3};
  int received[2];
  if (how == "abort" && world->rank() == 1) world->Abort("no disk", 7);
  const size_t bytes = how == "short" ? 4 : how == "long" ? 12 : 8;
  if (world->rank() == 0) world->Send(words, bytes, 1, 3);
  Request request = world->Receive(received, 8, world->rank() == 1 ? 0 : 1, 3);
  world->Wait(&request);
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // The files by which a test tells Bazel how it went belong to the test that started these ranks.
  GTEST_FLAG_SET(output, "");
  ::unsetenv("TEST_PREMATURE_EXIT_FILE");
  auto communicator = espalier::StartMpi(&argc, &argv, {true});
  if (!communicator.ok()) {
    std::cerr << communicator.status() << std::endl;
    return 1;
  }
  espalier::world = communicator->get();
  if (argc > 1) {
    espalier::Fail(argv[1]);
    return 1;
  }
  std::cout << "rank " + std::to_string(espalier::world->rank()) + " of " + std::to_string(espalier::world->size()) +
                   (espalier::LaunchedByMpi() ? " launched\n" : " alone\n")
            << std::flush;
  return RUN_ALL_TESTS();
}
