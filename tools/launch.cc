#include "tools/launch.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "tools/launch_plan.h"
#include "tools/supervise.h"

extern char** environ;

namespace espalier {
namespace {

constexpr char kDetails[] =
    "Runs `trainer --config ...` on N ranks by Open MPI's mpirun, as root and on few cores, too. A job that dies is\n"
    "started again from its last checkpoint. SIGINT, SIGTERM, SIGHUP and SIGUSR1 save and stop it.\n"
    "\n"
    "  espalier launch -n 16 -- --config resnet18_dsd.pbtxt --data_dir ~/data\n"
    "\n"
    "The exit code is the job's, from OUTPUT_DIR/status.json: 0 done, 1 failed while running, 2 bad usage, job file "
    "or\n"
    "data, 75 stopped by a signal after saving; that of mpirun for a job that died.";

// Of the trainer program, beside this one or, in the build tree, in the folder beside this one's.
absl::StatusOr<std::string> FindTrainer() {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const std::filesystem::path& path : {here / "trainer", here / ".." / "trainer" / "trainer"}) {
    if (::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, error)) {
      return path.lexically_normal().string();
    }
  }
  return absl::FailedPreconditionError(absl::StrCat("expected the program trainer in ", here.string(), ", found none"));
}

std::vector<std::string> Environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

constexpr int64_t kGreatestRanks = 1 << 20, kGreatestRestarts = 1000000;

absl::StatusOr<LaunchRequest> RequestOf(const Arguments& arguments) {
  LaunchRequest request;
  if (!arguments.Has("n")) return absl::InvalidArgumentError("how many ranks? give -n N");
  ASSIGN_OR_RETURN(const int64_t ranks, arguments.GetInteger("n", 1, 1, kGreatestRanks));
  ASSIGN_OR_RETURN(const int64_t restarts,
                   arguments.GetInteger("max_restarts", request.max_restarts, 0, kGreatestRestarts));
  request.ranks = static_cast<int>(ranks);
  request.max_restarts = static_cast<int>(restarts);
  request.hostfile = arguments.Get("hostfile");
  if (!request.hostfile.empty() && !FileSystem::Posix()->Exists(request.hostfile)) {
    return absl::NotFoundError(absl::StrCat("--hostfile: there is no ", request.hostfile));
  }
  request.trainer = arguments.positional();
  return request;
}

// The status that a start of the job wrote, if it is not `before`, which stood there already.
std::optional<RunStatus> NewStatus(const std::string& output_dir, const std::optional<RunStatus>& before) {
  const absl::StatusOr<RunStatus> status = ReadRunStatus(FileSystem::Posix(), output_dir);
  if (!status.ok() || (before && before->started == status->started)) return std::nullopt;
  return *status;
}

// Until the processes of a job that died have let go of its folder, which takes them seconds at most.
void AwaitEnd(const std::string& output_dir, Supervisor* supervisor) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto lock = FileSystem::Posix()->LockDirectory(output_dir);
    if (!absl::IsFailedPrecondition(lock.status()) || !supervisor->Sleep(0.1)) return;
  }
}

absl::Status Launch(const Arguments& arguments, std::ostream& /*out*/) {
  ASSIGN_OR_RETURN(const LaunchRequest request, RequestOf(arguments));
  ASSIGN_OR_RETURN(const std::string output_dir, OutputDirOf(request.trainer));
  ASSIGN_OR_RETURN(const std::string program, FindTrainer());
  const std::vector<std::string> variables = VariablesToPass(Environment());
  std::vector<std::string> as_root;
  if (::geteuid() == 0) as_root = {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"};
  Supervisor supervisor;
  std::vector<std::string> flags = request.trainer;
  std::optional<RunStatus> before = NewStatus(output_dir, std::nullopt);
  LaunchEnd end;
  while (true) {
    ASSIGN_OR_RETURN(end.exit_code, supervisor.Run(MpirunCommand(request, program, flags, variables), as_root));
    end.status = NewStatus(output_dir, before);
    end.stop_requested = supervisor.stop_requested();
    const LaunchDecision decision = DecideAfter(end, request.max_restarts);
    if (!decision.what.empty()) std::cerr << "espalier launch: " << decision.what << std::endl;
    if (!decision.restart) return ExitWith(decision.exit_code);
    AwaitEnd(output_dir, &supervisor);
    if (!supervisor.Sleep(1)) return ExitWith(kExitStopped);
    flags = ResumingFlags(request.trainer);
    if (end.status) before = end.status;
    end.former_status = end.status;
    ++end.restarts;
  }
}

}  // namespace

Verb LaunchVerb() {
  Verb verb;
  verb.name = "launch";
  verb.arguments = "-n N [--FLAGS] -- TRAINER'S FLAGS";
  verb.summary = "trains a job on many ranks, and starts it again when it dies";
  verb.details = kDetails;
  verb.flags = {{"n", "N", "ranks"},
                {"max_restarts", "K", "starts after the first, at most; default: 3"},
                {"hostfile", "FILE", "lines of `HOST slots=N`; default: this host, or the batch system's"}};
  verb.minimum_arguments = 1;
  verb.maximum_arguments = 100000;
  verb.run = Launch;
  return verb;
}

}  // namespace espalier
