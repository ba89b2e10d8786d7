// What parallel/communicator.h promises, as checks that every kind of communicator runs.
#ifndef ESPALIER_PARALLEL_TESTING_COMMUNICATOR_CONTRACT_H_
#define ESPALIER_PARALLEL_TESTING_COMMUNICATOR_CONTRACT_H_

#include <vector>

#include "parallel/communicator.h"

namespace espalier {

struct ContractCheck {
  const char* name;
  // Called by all ranks, in one order of the checks; reports through googletest.
  void (*run)(Communicator& communicator);
};

const std::vector<ContractCheck>& CommunicatorContract();

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TESTING_COMMUNICATOR_CONTRACT_H_
