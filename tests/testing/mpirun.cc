#include "tests/testing/mpirun.h"

#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// Whether one process may read a sibling's memory, as Open MPI's shared memory transport does; many containers forbid
// it, and Open MPI then fails in the midst of a message.
bool CrossMemoryReadable() {
  char here = 1, there = 2;
  const pid_t child = ::fork();
  PCHECK(child >= 0) << "fork";
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  iovec local = {&here, 1}, remote = {&there, 1};
  const bool readable = ::process_vm_readv(child, &local, 1, &remote, 1, 0) == 1;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return readable;
}

}  // namespace

std::string WhyNoMpirun() {
  const char* path = std::getenv("PATH");
  std::string directories = path != nullptr ? path : "";
  directories += ":/usr/bin";
  for (size_t begin = 0; begin < directories.size();) {
    const size_t end = std::min(directories.find(':', begin), directories.size());
    if (::access((directories.substr(begin, end - begin) + "/mpirun").c_str(), X_OK) == 0) return "";
    begin = end + 1;
  }
  return "there is no mpirun on this machine (Debian: apt install openmpi-bin)";
}

std::vector<std::string> MpirunEnvironment() {
  std::vector<std::string> environment = {"OMPI_ALLOW_RUN_AS_ROOT=1",
                                          "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                                          "OMPI_MCA_mpi_yield_when_idle=1",
                                          "OMPI_MCA_rmaps_base_oversubscribe=1",
                                          "OMPI_MCA_hwloc_base_binding_policy=none",
                                          "OMP_NUM_THREADS=1",
                                          "OMP_WAIT_POLICY=passive"};
  if (!CrossMemoryReadable()) environment.push_back("OMPI_MCA_btl_vader_single_copy_mechanism=none");
  return environment;
}

std::vector<std::string> MpirunLine(int ranks, const std::vector<std::string>& command) {
  std::vector<std::string> line = {"/usr/bin/env", "mpirun", "--oversubscribe",  "--timeout",
                                   "120",          "-n",     absl::StrCat(ranks)};
  line.insert(line.end(), command.begin(), command.end());
  return line;
}

ProcessResult RunUnderMpirun(int ranks, const std::vector<std::string>& command, ProcessOptions options) {
  const std::vector<std::string> environment = MpirunEnvironment();
  options.environment.insert(options.environment.begin(), environment.begin(), environment.end());
  return RunProcess(MpirunLine(ranks, command), options);
}

}  // namespace espalier
