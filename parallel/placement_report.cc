// What people are told about the placement of ranks.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "parallel/placement.h"

namespace espalier {
namespace {

// The ranks of one machine.
struct Machine {
  std::vector<int> ranks;
  std::set<int> cpus;  // that any of them may use
  int available = 1;   // that they could use
};

std::vector<Machine> MachinesOf(const std::vector<RankPlace>& places) {
  std::map<std::string, int> indices;
  std::vector<Machine> machines;
  for (int rank = 0; rank < places.size(); ++rank) {
    const RankPlace& place = places[rank];
    const auto [index, is_new] = indices.emplace(place.machine, machines.size());
    if (is_new) machines.emplace_back();
    Machine& machine = machines[index->second];
    machine.ranks.push_back(rank);
    machine.cpus.insert(place.cpus.begin(), place.cpus.end());
    machine.available = std::max(machine.available, place.host_cpus);
  }
  return machines;
}

std::string Count(int64_t number, const char* what) { return absl::StrCat(number, " ", what, number == 1 ? "" : "s"); }

std::string Range(int low, int high) { return low == high ? absl::StrCat(low) : absl::StrCat(low, " to ", high); }

// How to have `cpus` processors for each rank.
std::string Remedy(Launcher launcher, int cpus) {
  if (launcher == Launcher::kSlurm) return absl::StrCat("start with `srun --cpus-per-task=", cpus, "`");
  if (launcher == Launcher::kOpenMpi) {
    return absl::StrCat("start with `mpirun --bind-to none` or `mpirun --map-by slot:PE=", cpus, "`");
  }
  return "start them without binding";
}

// The machine's trouble without its name; empty: none.
std::string BindingTrouble(const std::vector<RankPlace>& places, const Machine& machine) {
  // Who bound a process by hand meant it.
  if (places[machine.ranks[0]].launcher == Launcher::kNone) return "";
  const int idle = machine.available - static_cast<int>(machine.cpus.size());
  const int fair = machine.available / static_cast<int>(machine.ranks.size());
  int fewest = machine.available;
  for (const int rank : machine.ranks) fewest = std::min<int>(fewest, places[rank].cpus.size());
  if (idle <= 0 || fewest >= fair) return "";
  return absl::StrCat("ranks are bound to ", Count(fewest, "processor"), ", while ", idle, " of ", machine.available,
                      " processors have no rank: ", Remedy(places[machine.ranks[0]].launcher, fair));
}

std::string ThreadTrouble(const std::vector<RankPlace>& places, const Machine& machine) {
  int64_t threads = 0;
  for (const int rank : machine.ranks) {
    const RankPlace& place = places[rank];
    threads += std::max(1, place.requested_threads);
    if (place.requested_threads > place.cpus.size()) {
      return absl::StrCat("OMP_NUM_THREADS=", place.requested_threads, ", but a rank may run on ",
                          Count(place.cpus.size(), "processor"), " alone: lower it, leave it out, or ",
                          Remedy(place.launcher, place.requested_threads));
    }
  }
  if (threads <= machine.available || threads == machine.ranks.size()) return "";
  return absl::StrCat(threads, " threads of ", Count(machine.ranks.size(), "rank"), " share ",
                      Count(machine.available, "processor"), ": leave OMP_NUM_THREADS out");
}

// "a", "a and b", "a, b, c and 5 more hosts".
std::string Names(const std::vector<std::string>& hosts) {
  constexpr size_t kMost = 3;
  const std::vector<std::string> shown(hosts.begin(), hosts.begin() + std::min(kMost, hosts.size()));
  const std::string names = absl::StrJoin(shown, ", ");
  return hosts.size() <= kMost ? names : absl::StrCat(names, " and ", Count(hosts.size() - kMost, "more host"));
}

}  // namespace

std::string DescribePlacement(const std::vector<RankPlace>& places) {
  const std::vector<Machine> machines = MachinesOf(places);
  std::set<std::string> hosts;
  for (const RankPlace& place : places) hosts.insert(place.host);
  int fewest = DecidePlacement(places, 0).threads, most = fewest;
  for (int rank = 1; rank < places.size(); ++rank) {
    const int threads = DecidePlacement(places, rank).threads;
    fewest = std::min(fewest, threads);
    most = std::max(most, threads);
  }
  std::string text = absl::StrCat(places.size(), " on ", Count(hosts.size(), "host"), ", ", Range(fewest, most),
                                  most == 1 ? " thread each" : " threads each");
  const auto crowded = std::find_if(machines.begin(), machines.end(),
                                    [](const Machine& machine) { return machine.ranks.size() > machine.cpus.size(); });
  if (crowded == machines.end()) return text;
  return absl::StrCat(text, "; ", crowded->ranks.size(), " share ", Count(crowded->cpus.size(), "processor"));
}

std::vector<std::string> PlacementWarnings(const std::vector<RankPlace>& places) {
  // Trouble and the hosts that have it, in the order of their first ranks.
  std::vector<std::pair<std::string, std::vector<std::string>>> troubles;
  for (const Machine& machine : MachinesOf(places)) {
    for (std::string& trouble :
         std::vector<std::string>{BindingTrouble(places, machine), ThreadTrouble(places, machine)}) {
      if (trouble.empty()) continue;
      auto known =
          std::find_if(troubles.begin(), troubles.end(), [&](const auto& other) { return other.first == trouble; });
      if (known == troubles.end()) known = troubles.insert(troubles.end(), {std::move(trouble), {}});
      known->second.push_back(places[machine.ranks[0]].host);
    }
  }
  std::vector<std::string> warnings;
  for (const auto& [trouble, hosts] : troubles) warnings.push_back(absl::StrCat(Names(hosts), ": ", trouble));
  if (places.size() == 1 && places[0].allocated_tasks > 1) {
    warnings.push_back(absl::StrCat("the Slurm allocation has ", places[0].allocated_tasks,
                                    " tasks and this run takes one: start with mpirun, or with `srun --mpi=pmix`"));
  }
  return warnings;
}

}  // namespace espalier
