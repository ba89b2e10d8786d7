#include "tools/launch_plan.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/job_loader.h"
#include "tools/verb.h"

namespace espalier {
namespace {

// Whether the end is that of processes that died, not of a program that returned an error code of its own.
bool Died(int exit_code) { return exit_code > 128; }

std::string Describe(const LaunchEnd& end) {
  if (end.status && end.status->state == RunStatus::State::kFailed)
    return absl::StrCat("the job failed: ", end.status->message);
  return absl::StrCat("the job died (exit code ", end.exit_code,
                      Died(end.exit_code) ? absl::StrCat(", signal ", end.exit_code - 128) : "", ")");
}

// Whether both starts resumed from the same step and failed by an error: the next would do the same.
bool FailsAgain(const LaunchEnd& end) {
  const auto failed = [](const std::optional<RunStatus>& status) {
    return status && status->state == RunStatus::State::kFailed;
  };
  return failed(end.status) && failed(end.former_status) && end.status->step == end.former_status->step &&
         end.status->message == end.former_status->message;
}

}  // namespace

std::vector<std::string> ValuesOf(const std::vector<std::string>& words, const std::string& flag) {
  const std::string name = "--" + flag, prefix = name + "=";
  std::vector<std::string> values;
  for (size_t i = 0; i < words.size(); ++i) {
    if (absl::StartsWith(words[i], prefix)) values.push_back(words[i].substr(prefix.size()));
    if (words[i] == name && i + 1 < words.size()) values.push_back(words[++i]);
  }
  return values;
}

absl::StatusOr<std::string> OutputDirOf(const std::vector<std::string>& trainer) {
  const std::vector<std::string> directories = ValuesOf(trainer, "output_dir"), jobs = ValuesOf(trainer, "config");
  if (jobs.empty()) return absl::InvalidArgumentError("which job? give the trainer's flags after --: -- --config FILE");
  ASSIGN_OR_RETURN(const JobDocument document, LoadJob(jobs.back(), ValuesOf(trainer, "set")));
  if (!directories.empty()) return directories.back();
  const std::string& name = document.job.name();
  return absl::StrCat("out/", name.empty() ? std::filesystem::path(document.path).stem().string() : name);
}

std::vector<std::string> ResumingFlags(const std::vector<std::string>& trainer) {
  std::vector<std::string> flags = trainer;
  flags.erase(std::remove(flags.begin(), flags.end(), "--overwrite"), flags.end());
  if (std::find(flags.begin(), flags.end(), "--resume") == flags.end()) flags.push_back("--resume");
  return flags;
}

std::vector<std::string> MpirunCommand(const LaunchRequest& request, const std::string& program,
                                       const std::vector<std::string>& flags,
                                       const std::vector<std::string>& variables) {
  // More ranks than cores are allowed; each rank divides the cores of its host itself, and gives way while it waits.
  std::vector<std::string> command = {"mpirun",
                                      "-n",
                                      absl::StrCat(request.ranks),
                                      "--oversubscribe",
                                      "--bind-to",
                                      "none",
                                      "--mca",
                                      "mpi_yield_when_idle",
                                      "1"};
  // A host that cannot be reached is noticed within 2 + 3 * 1 seconds instead of 8 minutes.
  for (const auto& [name, value] : {std::pair<const char*, const char*>{"oob_tcp_keepalive_time", "2"},
                                    {"oob_tcp_keepalive_intvl", "1"},
                                    {"oob_tcp_keepalive_probes", "3"}}) {
    command.insert(command.end(), {"--mca", name, value});
  }
  if (!request.hostfile.empty()) command.insert(command.end(), {"--hostfile", request.hostfile});
  for (const std::string& variable : variables) command.insert(command.end(), {"-x", variable});
  command.push_back(program);
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

std::vector<std::string> VariablesToPass(const std::vector<std::string>& environment) {
  std::vector<std::string> names;
  for (const std::string& entry : environment) {
    const std::string name = entry.substr(0, entry.find('='));
    for (const char* prefix : {"ESPALIER_", "OMP_", "ONEDNN_"}) {
      if (absl::StartsWith(name, prefix)) names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

LaunchDecision DecideAfter(const LaunchEnd& end, int max_restarts) {
  using State = RunStatus::State;
  if (end.status && end.status->state != State::kRunning) {
    if (end.status->state == State::kDone) return {false, kExitDone, ""};
    if (end.status->state == State::kStopped) return {false, kExitStopped, ""};
    if (end.status->exit_code == kExitBadUsage) return {false, kExitBadUsage, ""};
  }
  if (end.stop_requested)
    return {false, kExitStopped,
            "stopped without saving; --resume continues from the last checkpoint, if there is one"};
  const bool began = end.status.has_value();
  if (!began && !Died(end.exit_code)) return {false, end.exit_code, ""};
  // A job that died may yet have left 0 with mpirun.
  const int code = end.exit_code != 0 ? end.exit_code : kExitFailed;
  const std::string what = Describe(end);
  if (FailsAgain(end)) return {false, code, absl::StrCat(what, "; it did so before: not started again")};
  if (end.restarts >= max_restarts) {
    return {false, code, max_restarts == 0 ? what : absl::StrCat(what, "; no restart is left of ", max_restarts)};
  }
  return {true, code, absl::StrCat(what, "; restart ", end.restarts + 1, " of ", max_restarts)};
}

}  // namespace espalier
