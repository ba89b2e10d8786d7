#include "trainer/job_ranks.h"

#include <google/protobuf/text_format.h>
#include <omp.h>

#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files/file_system.h"
#include "glog/logging.h"
#include "parallel/launch_environment.h"
#include "parallel/mpi_communicator.h"
#include "trainer/exit_code.h"
#include "trainer/job_difference.h"

namespace espalier {
namespace {

// "phase[0].epochs: 10, was 5": what of a job is other than rank 0's.
std::string JobDifference(const std::string& text, const std::string& first) {
  Job job, first_job;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &job));
  CHECK(google::protobuf::TextFormat::ParseFromString(first, &first_job));
  return absl::StrJoin(DifferencesOf(job, first_job), "; ");
}

}  // namespace

JobRanks::JobRanks(std::unique_ptr<Communicator> world, std::vector<RankPlace> places)
    : world_(std::move(world)), places_(std::move(places)), everyone_(world_.get(), host()), output_(world_->rank()) {}

absl::StatusOr<std::unique_ptr<JobRanks>> JobRanks::Start(int* argc, char*** argv) {
  const GetEnvironment environment = ProcessEnvironment();
  const LaunchEnvironment launch = ReadLaunchEnvironment(environment);
  const RankPlace mine = FindPlace(launch, environment);
  if (!LaunchedByMpi()) {
    RETURN_IF_ERROR(BadInput(CheckRanks(launch, 1, environment)));
    return std::unique_ptr<JobRanks>(new JobRanks(MakeSelfCommunicator(), {mine}));
  }
  MpiOptions options;
  options.oversubscribed = ProbablyYields(launch, mine);
  ASSIGN_OR_RETURN(std::unique_ptr<Communicator> world, StartMpi(argc, argv, options));
  RETURN_IF_ERROR(BadInput(CheckRanks(launch, world->size(), environment)));
  std::vector<RankPlace> places = GatherPlaces(world.get(), mine);
  omp_set_num_threads(DecidePlacement(places, world->rank()).threads);
  return std::unique_ptr<JobRanks>(new JobRanks(std::move(world), std::move(places)));
}

std::vector<std::string> JobRanks::Warnings() const { return PlacementWarnings(places_); }

absl::Status JobRanks::Divide(const Job& job) {
  if (world_->size() > 1) {
    const absl::StatusOr<std::string> program = ProgramIdentity(FileSystem::Posix());
    RETURN_IF_ERROR(Agree(program.status()));
    RETURN_IF_ERROR(Shared(
        BadInput(CompareFacts(world_.get(), host(), {{"program", *program}, {"job", JobText(job), JobDifference}}))));
  }
  const DataParallelism& data = job.parallel().data();
  servers_ = data.has_parameter_server() ? data.parameter_server().servers() : 0;
  if (servers_ >= world_->size()) {
    const int size = world_->size();
    return Shared(BadInput(absl::InvalidArgumentError(
        absl::StrCat("parallel.data.parameter_server.servers: expected fewer than the ", size,
                     size == 1 ? " rank" : " ranks", " of this run, as one at least must train, found ", servers_,
                     "; start more: mpirun -n ", servers_ + 2, " trainer ..."))));
  }
  workers_ = world_->Split(serves() ? 1 : 0);
  return absl::OkStatus();
}

absl::Status JobRanks::CompareWorkers(const std::vector<SharedFact>& facts) {
  if (workers_->size() == 1) return absl::OkStatus();
  return Shared(BadInput(CompareFacts(workers_.get(), host(), facts)));
}

void JobRanks::Watch(const Job& job) {
  if (world_->size() == 1) return;
  WatchdogOptions options;
  options.limits = serves() ? LongestLimits(job.parallel().watchdog()) : job.parallel().watchdog();
  options.rank = world_->rank();
  options.host = host();
  for (int i = 0; i < job.phase_size(); ++i) {
    options.phases.push_back(job.phase(i).has_name() ? job.phase(i).name() : absl::StrCat("phase ", i + 1));
  }
  options.watch_parent = true;
  watchdog_ = std::make_unique<WatchdogThread>(&activity_, std::move(options));
}

int JobRanks::Fail(const absl::Status& status) {
  // Problems of a job begin with file:line:column, so that editors can jump there; others say who speaks.
  std::string message(status.message());
  if (message.find(".pbtxt:") == std::string::npos) message = absl::StrCat("trainer: ", message);
  const ExitCode code = ExitCodeOf(status);
  std::cout << std::flush;
  if (world_->size() > 1 && !IsShared(status)) world_->Abort(message, code);
  // Servers wait for workers, and know nothing of their error.
  if (servers_ > 0 && servers_ < world_->size() && leads()) world_->Abort(message, code);
  if (leads()) std::cerr << message << std::endl;
  return code;
}

}  // namespace espalier
