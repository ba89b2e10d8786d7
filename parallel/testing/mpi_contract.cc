// The checks of parallel/testing/communicator_contract.h among the ranks of an MPI job:
//   mpirun -n 3 mpi_contract [abort | short | long]
// With an argument it fails instead, as it says, on rank 1.
#include <cstdlib>
#include <iostream>

#include "gtest/gtest.h"
#include "parallel/mpi_communicator.h"
#include "parallel/testing/communicator_contract.h"

namespace espalier {
namespace {

Communicator* world = nullptr;

class MpiContractTest : public ::testing::TestWithParam<ContractCheck> {};

TEST_P(MpiContractTest, Holds) { GetParam().run(*world); }

INSTANTIATE_TEST_SUITE_P(All, MpiContractTest, ::testing::ValuesIn(CommunicatorContract()),
                         [](const auto& info) { return info.param.name; });

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
