#include "tests/testing/test_hosts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "tests/testing/process.h"

namespace espalier {
namespace {

constexpr char kPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// mpirun calls it as ssh: options, the host, a command in words that carry the quotes of a shell.
constexpr char kAgent[] = R"(#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
host=$1
shift
exec ip netns exec "$host" unshare --uts sh -c "hostname $host; $*"
)";

// What a test left that was killed itself; names tell the process that made them.
constexpr char kRemoveStale[] = R"(
for name in $(ip netns list | sed -n 's/^\(esp[0-9]*[a-z]\)\b.*/\1/p'); do
  process=${name#esp}
  [ -e "/proc/${process%[a-z]}" ] || { ip netns pids "$name" | xargs -r kill -9; ip netns del "$name"; }
done
for name in $(ip -o link show type bridge | sed -n 's/^[0-9]*: \(esp[0-9]*br\):.*/\1/p'); do
  process=${name#esp}
  [ -e "/proc/${process%br}" ] || ip link del "$name"
done
)";

ProcessResult Shell(const std::string& script) {
  ProcessOptions options;
  options.environment = {kPath};
  return RunProcess({"/bin/sh", "-c", script}, options);
}

}  // namespace

TestHosts::TestHosts(int count, const std::string& directory)
    : directory_(directory),
      prefix_(absl::StrCat("esp", ::getpid())),
      subnet_(absl::StrCat("10.", 100 + ::getpid() % 100, ".", ::getpid() / 100 % 250, ".")) {
  for (int host = 0; host < count; ++host) names_.push_back(absl::StrCat(prefix_, std::string(1, 'a' + host)));
  why_not_ = MakeAll(count);
}

TestHosts::~TestHosts() {
  for (int host = 0; host < names_.size(); ++host) {
    for (const pid_t process : ProcessesOn(host)) ::kill(process, SIGKILL);
    Shell(absl::StrCat("ip netns del ", names_[host], "; ip link del ", names_[host]));
  }
  Shell(absl::StrCat("ip link del ", prefix_, "br"));
}

std::string TestHosts::MakeAll(int count) {
  if (::geteuid() != 0) return "network namespaces take root's rights";
  Shell(kRemoveStale);
  const std::string bridge = prefix_ + "br";
  std::string script = absl::StrCat("set -e; ip link add ", bridge, " type bridge; ip addr add ", subnet_, "1/24 dev ",
                                    bridge, "; ip link set ", bridge, " up\n");
  std::ofstream hosts(hostfile());
  for (int host = 0; host < count; ++host) {
    const std::string& name = names_[host];
    const std::string inside = absl::StrCat("ip -n ", name, " ");
    absl::StrAppend(&script, "ip netns add ", name, "; ip link add ", name, " type veth peer name eth0 netns ", name,
                    "; ip link set ", name, " master ", bridge, " up; ", inside, "addr add ", subnet_, 11 + host,
                    "/24 dev eth0; ", inside, "link set lo up; ", inside, "link set eth0 up\n");
    hosts << name << " slots=1\n";
  }
  absl::StrAppend(&script, "ip netns exec ", names_[0], " unshare --uts true\n");
  const ProcessResult made = Shell(script);
  if (made.exit_code != 0) {
    return absl::StrCat("no network namespaces here: ", absl::StripAsciiWhitespace(made.err));
  }
  std::ofstream(directory_ + "/agent") << kAgent;
  PCHECK(::chmod((directory_ + "/agent").c_str(), 0755) == 0);
  return "";
}

std::vector<std::string> TestHosts::Environment() const {
  const std::string subnet = subnet_ + "0/24";
  return {kPath,
          "OMPI_MCA_plm=rsh",
          absl::StrCat("OMPI_MCA_plm_rsh_agent=", directory_, "/agent"),
          "OMPI_MCA_plm_rsh_no_tree_spawn=1",
          absl::StrCat("OMPI_MCA_oob_tcp_if_include=", subnet),
          absl::StrCat("OMPI_MCA_btl_tcp_if_include=", subnet),
          "OMPI_MCA_btl=tcp,vader,self"};
}

std::vector<pid_t> TestHosts::ProcessesOn(int host) const {
  std::vector<pid_t> processes;
  const ProcessResult listed = Shell("ip netns pids " + names_[host]);
  for (const absl::string_view line : absl::StrSplit(listed.out, '\n', absl::SkipWhitespace())) {
    int process = 0;
    if (absl::SimpleAtoi(line, &process)) processes.push_back(process);
  }
  return processes;
}

void TestHosts::SetLink(int host, bool up) {
  const ProcessResult set = Shell(absl::StrCat("ip link set ", names_[host], up ? " up" : " down"));
  CHECK_EQ(set.exit_code, 0) << set.err;
}

}  // namespace espalier
