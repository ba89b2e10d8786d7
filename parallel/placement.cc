#include "parallel/placement.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/host_name.h"
#include "parallel/collectives.h"

namespace espalier {
namespace {

// Far more than any machine has: masks are asked for with room for so many.
constexpr int kMaximumCpus = 1 << 14;

std::vector<int> AffinityMask() {
  std::vector<int> cpus;
  cpu_set_t* const set = CPU_ALLOC(kMaximumCpus);
  const size_t bytes = CPU_ALLOC_SIZE(kMaximumCpus);
  if (::sched_getaffinity(0, bytes, set) == 0) {
    for (int cpu = 0; cpu < kMaximumCpus; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(cpu);
    }
  }
  CPU_FREE(set);
  return cpus;
}

// Asks for all processors in a thread of its own and counts what the system grants: those of the cpuset, without what
// the launcher bound this process to.
int AvailableCpus() {
  int available = 1;
  std::thread([&] {
    cpu_set_t* const all = CPU_ALLOC(kMaximumCpus);
    const size_t bytes = CPU_ALLOC_SIZE(kMaximumCpus);
    CPU_ZERO_S(bytes, all);
    for (int cpu = 0; cpu < kMaximumCpus; ++cpu) CPU_SET_S(cpu, bytes, all);
    ::sched_setaffinity(0, bytes, all);
    CPU_FREE(all);
    available = std::max<int>(1, AffinityMask().size());
  }).join();
  return available;
}

// Of this start of the machine; the same in all its containers.
std::string MachineIdentity(const std::string& host) {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string identity;
  return std::getline(file, identity) && !identity.empty() ? identity : host;
}

// A line for each field.
std::string Encode(const RankPlace& place) {
  return absl::StrCat(place.host, "\n", place.machine, "\n", FormatNumbers(place.cpus), "\n", place.host_cpus, "\n",
                      place.requested_threads, "\n", place.allocated_tasks, "\n", static_cast<int>(place.launcher));
}

RankPlace Decode(const std::string& text) {
  std::vector<std::string> fields = absl::StrSplit(text, '\n');
  fields.resize(7);
  const auto number = [&](int field, int fallback) {
    int value = 0;
    return absl::SimpleAtoi(fields[field], &value) ? value : fallback;
  };
  RankPlace place;
  place.host = fields[0];
  place.machine = fields[1];
  place.cpus = ParseNumbers(fields[2]);
  place.host_cpus = number(3, 1);
  place.requested_threads = number(4, 0);
  place.allocated_tasks = number(5, 0);
  place.launcher = static_cast<Launcher>(number(6, 0));
  return place;
}

bool Intersect(const std::vector<int>& a, const std::vector<int>& b) {
  const std::set<int> set(a.begin(), a.end());
  return std::any_of(b.begin(), b.end(), [&](int cpu) { return set.count(cpu) > 0; });
}

// The ranks, `rank` included, that may use a processor of its mask.
std::vector<int> Sharers(const std::vector<RankPlace>& places, int rank) {
  std::vector<int> sharers;
  for (int other = 0; other < places.size(); ++other) {
    if (other == rank ||
        (places[other].machine == places[rank].machine && Intersect(places[other].cpus, places[rank].cpus))) {
      sharers.push_back(other);
    }
  }
  return sharers;
}

int Threads(const RankPlace& place, size_t sharers) {
  if (place.requested_threads > 0) return place.requested_threads;
  return std::max<int>(1, place.cpus.size() / sharers);
}

}  // namespace

RankPlace FindPlace(const LaunchEnvironment& launch, const GetEnvironment& environment) {
  RankPlace place;
  place.host = HostName("unknown host");
  place.machine = MachineIdentity(place.host);
  place.cpus = AffinityMask();
  place.host_cpus = AvailableCpus();
  place.allocated_tasks = launch.allocated_tasks;
  place.launcher = launch.launcher;
  // "4" or, for nested teams, "4,2".
  const char* const threads = environment("OMP_NUM_THREADS");
  int value = 0;
  if (threads != nullptr && absl::SimpleAtoi(std::string(threads).substr(0, std::string(threads).find(',')), &value)) {
    place.requested_threads = std::max(0, value);
  }
  return place;
}

std::vector<RankPlace> GatherPlaces(Communicator* communicator, const RankPlace& mine) {
  std::vector<RankPlace> places;
  for (const std::string& text : AllGatherStrings(communicator, Encode(mine))) places.push_back(Decode(text));
  return places;
}

Placement DecidePlacement(const std::vector<RankPlace>& places, int rank) {
  const std::vector<int> sharers = Sharers(places, rank);
  Placement placement;
  placement.threads = Threads(places[rank], sharers.size());
  size_t wanted = 0;
  for (const int other : sharers) wanted += Threads(places[other], sharers.size());
  placement.yield = wanted > places[rank].cpus.size();
  return placement;
}

bool ProbablyYields(const LaunchEnvironment& launch, const RankPlace& mine) {
  return launch.host_ranks * std::max(1, mine.requested_threads) > mine.host_cpus;
}

std::string FormatNumbers(const std::vector<int>& ascending) {
  std::vector<std::string> ranges;
  for (size_t begin = 0; begin < ascending.size();) {
    size_t end = begin + 1;
    while (end < ascending.size() && ascending[end] == ascending[end - 1] + 1) ++end;
    ranges.push_back(end - begin == 1 ? absl::StrCat(ascending[begin])
                                      : absl::StrCat(ascending[begin], "-", ascending[end - 1]));
    begin = end;
  }
  return absl::StrJoin(ranges, ",");
}

std::vector<int> ParseNumbers(const std::string& text) {
  std::vector<int> numbers;
  for (const absl::string_view range : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::vector<std::string> ends = absl::StrSplit(range, '-');
    int first = 0, last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last)) continue;
    for (int number = first; number <= last && last - first < kMaximumCpus; ++number) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace espalier
