// Several hosts on this machine: network namespaces on a bridge, each with a host name of its own, for jobs across
// hosts. All share the files and processors of the machine.
#ifndef ESPALIER_TESTS_TESTING_TEST_HOSTS_H_
#define ESPALIER_TESTS_TESTING_TEST_HOSTS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace espalier {

class TestHosts {
 public:
  // `directory` takes a hostfile and a program that stands in for ssh.
  TestHosts(int count, const std::string& directory);
  // Kills what runs on the hosts, and removes them.
  ~TestHosts();
  TestHosts(const TestHosts&) = delete;
  TestHosts& operator=(const TestHosts&) = delete;

  // Why there are none: it takes the right to make network namespaces. Empty: they are there.
  const std::string& why_not() const { return why_not_; }

  // For mpirun, with one slot a host.
  std::string hostfile() const { return directory_ + "/hosts.txt"; }
  // How mpirun reaches the hosts, as variables "OMPI_MCA_NAME=VALUE".
  std::vector<std::string> Environment() const;
  const std::string& name(int host) const { return names_[host]; }
  // Processes on a host.
  std::vector<pid_t> ProcessesOn(int host) const;
  // Takes the host from the network or puts it back.
  void SetLink(int host, bool up);

 private:
  std::string MakeAll(int count);

  const std::string directory_;
  const std::string prefix_;  // of all names
  const std::string subnet_;  // "10.1.2."
  std::vector<std::string> names_;
  std::string why_not_;
};

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_TEST_HOSTS_H_
