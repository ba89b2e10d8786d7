// Starts jobs of many ranks as a user does, for end-to-end tests.
#ifndef ESPALIER_TESTS_TESTING_MPIRUN_H_
#define ESPALIER_TESTS_TESTING_MPIRUN_H_

#include <string>
#include <vector>

#include "tests/testing/process.h"

namespace espalier {

// Why no such job can be started on this machine; empty if it can. A test then skips itself with this reason.
std::string WhyNoMpirun();

// What mpirun needs to know to run more ranks than cores, as root, in a container; one OpenMP thread a rank. For
// ProcessOptions::environment.
std::vector<std::string> MpirunEnvironment();

// The words of `mpirun -n ranks command...`, as RunProcess takes them.
std::vector<std::string> MpirunLine(int ranks, const std::vector<std::string>& command);

// Runs that to its end; mpirun itself ends it if it takes longer than two minutes.
ProcessResult RunUnderMpirun(int ranks, const std::vector<std::string>& command, ProcessOptions options = {});

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_MPIRUN_H_
