// The `trainer` program: trains the network of a job file.

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/onednn/kernels.h"
#include "data/fingerprint.h"
#include "glog/logging.h"
#include "parallel/channel_reducer.h"
#include "parallel/parameter_server.h"
#include "proto/job_loader.h"
#include "tools/command_line.h"
#include "trainer/benchmark.h"
#include "trainer/exit_code.h"
#include "trainer/initial_weights.h"
#include "trainer/job_ranks.h"
#include "trainer/prepared_job.h"
#include "trainer/signals.h"
#include "trainer/trainer.h"

namespace espalier {
namespace {

constexpr char kUsage[] =
    "Trains the network of a job file.\n"
    "\n"
    "  trainer --config lenet5 --data_dir ~/data\n"
    "  trainer --config job.pbtxt --set phase[0].epochs=3 --set optimizer.sgd.momentum=0.8\n"
    "  trainer --config job.pbtxt --output_dir out/job --resume\n"
    "  mpirun -n 16 trainer --config resnet18_dsd.pbtxt\n"
    "\n";

constexpr char kExitCodes[] =
    "\n"
    "Results go to OUTPUT_DIR: checkpoints/, metrics.jsonl, curves.svg, events for TensorBoard, job.pbtxt, "
    "status.json.\n"
    "SIGINT, SIGTERM and SIGUSR1 save and stop.\n"
    "Exit codes: 0 done, 1 failed while running, 2 bad usage, job file or data, 75 stopped by a signal after saving.\n";

const std::vector<Flag>& Flags() {
  static const auto* const kFlags = new std::vector<Flag>{
      {"config", "FILE", "the job: a file, or the name of a shipped one (lenet5)"},
      {"data_dir", "DIR", "the folder that holds mnist/, cifar10/, ...; default: $ESPALIER_DATA_DIR"},
      {"output_dir", "DIR", "where results go; default: out/ and the job's name"},
      {"set", "PATH=VALUE", "overrides a field of the job; may be given many times"},
      {"resume", "", "continues the run in OUTPUT_DIR from its newest checkpoint"},
      {"overwrite", "", "begins anew where a run has been"},
      {"dry_run", "", "proves the job, says what it takes, and writes nothing"},
      {"benchmark_steps", "N", "times N training steps on one batch in memory, and stops"},
      {"profile_steps", "N", "times every kernel over N training steps, and stops"},
      {"trace", "FILE", "writes a timeline of all ranks, which ui.perfetto.dev opens"},
      {"dump_plan", "", "prints the plan of a training step, and stops"},
      {"help", "", "this text"},
  };
  return *kFlags;
}

TrainerOptions OptionsFor(const JobDocument& document, const Arguments& arguments, JobRanks* ranks) {
  TrainerOptions options;
  options.output_dir = arguments.Get("output_dir", absl::StrCat("out/", document.job.name()));
  if (arguments.Has("resume")) options.mode = StartMode::kResume;
  if (arguments.Has("overwrite")) options.mode = StartMode::kOverwrite;
  options.files = FileSystem::Posix();
  options.out = &std::cout;
  options.terminal = DetectTerminal(STDOUT_FILENO);
  options.stop_requested = [] { return StopSignal() != 0; };
  options.world = ranks->world();
  options.workers = ranks->workers();
  options.activity = ranks->activity();
  options.host = ranks->host();
  options.trace_path = arguments.Get("trace");
  return options;
}

// What the workers must agree on beside the job.
std::vector<SharedFact> FactsOf(const PreparedJob& job) {
  std::vector<SharedFact> facts = {{"training data", FingerprintOf(job.train_data->samples())}};
  if (job.validation_data) facts.push_back({"validation data", FingerprintOf(job.validation_data->samples())});
  return facts;
}

void PrintHead(const PreparedJob& job, const JobRanks& ranks, std::ostream& out) {
  out << DescribeJob(job) << "  processor   " << OneDnnDescription() << "\n";
  if (ranks.size() > 1) out << "  ranks       " << ranks.DescribePlaces() << "\n";
  for (const std::string& warning : ranks.Warnings()) out << "  warning     " << warning << "\n";
}

// A rank that trains.
absl::StatusOr<int> Train(JobDocument document, const Arguments& arguments, JobRanks* ranks) {
  TrainerOptions options = OptionsFor(document, arguments, ranks);
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  options.data_dir = arguments.Get("data_dir", data_dir == nullptr ? "" : data_dir);
  Team team(ranks->workers(), ranks->host(), ranks->activity());
  CommunicatorChannelReducer reducer(ranks->workers(), ranks->activity());
  WorkerPlace place;
  place.worker = team.worker();
  place.workers = team.workers();
  place.channel_reducer = &reducer;
  absl::StatusOr<std::unique_ptr<PreparedJob>> job = PrepareJob(std::move(document), options.data_dir, place);
  RETURN_IF_ERROR(team.Agree(BadInput(job.status())));
  RETURN_IF_ERROR(ranks->CompareWorkers(team.workers() > 1 ? FactsOf(**job) : std::vector<SharedFact>()));
  if (team.leads()) PrintHead(**job, *ranks, std::cout);
  if (arguments.Has("dry_run")) {
    const absl::Status weights = team.leads() ? ReadInitialWeights(FileSystem::Posix(), job->get()) : absl::OkStatus();
    RETURN_IF_ERROR(team.Agree(weights));
    if (team.leads()) std::cout << "\n" << DescribeLayers(**job);
    return kDone;
  }
  if (team.leads()) std::cout << "  output      " << options.output_dir << "\n" << std::flush;
  CatchStopSignals(team.leads());
  ASSIGN_OR_RETURN(const TrainingResult result, Trainer(*std::move(job), options).Run());
  if (!result.stopped) return kDone;
  if (team.leads()) {
    std::cout << "stopped by " << StopSignalName() << " at step " << result.steps
              << (result.steps > 0 ? ", saved; continue with --resume" : ", before there was anything to save")
              << std::endl;
  }
  return kStoppedBySignal;
}

absl::StatusOr<int> TrainOrServe(JobDocument document, const Arguments& arguments, JobRanks* ranks) {
  CatchUserSignal(ranks->leads());
  RETURN_IF_ERROR(ranks->Divide(document.job));
  ranks->Watch(document.job);
  if (ranks->serves()) {
    if (arguments.Has("dry_run")) return kDone;
    CatchStopSignals(/*speak=*/false);  // the workers agree on when to stop
    RETURN_IF_ERROR(ServeParameters(*ranks->world(), ranks->servers(), ranks->activity()));
    return kDone;
  }
  return Train(std::move(document), arguments, ranks);
}

// What makes no sense together or is missing.
absl::Status Check(const Arguments& arguments) {
  if (!arguments.positional().empty()) {
    const std::string& first = arguments.positional()[0];
    return absl::InvalidArgumentError(
        absl::StrCat("expected flags alone, found \"", first, "\"; a job is given as --config ", first));
  }
  if (arguments.Get("config").empty()) return absl::InvalidArgumentError("which job? give --config FILE; see --help");
  if (arguments.Has("resume") && arguments.Has("overwrite")) {
    return absl::InvalidArgumentError("--resume continues a run and --overwrite removes it: give one of them");
  }
  int modes = 0;
  for (const char* mode : {"dry_run", "benchmark_steps", "profile_steps", "dump_plan"}) modes += arguments.Has(mode);
  if (modes > 1) {
    return absl::InvalidArgumentError(
        "of --dry_run, --benchmark_steps, --profile_steps and --dump_plan one is possible at a time");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const std::vector<std::string>& words, JobRanks* ranks) {
  // Every rank has the same words: an error in them is everybody's.
  const auto usage = [](const absl::Status& status) { return Shared(BadInput(status)); };
  const absl::StatusOr<Arguments> parsed = ParseArguments(words, Flags(), 0, words.size());
  if (!parsed.ok()) return usage(parsed.status());
  const Arguments& arguments = *parsed;
  if (arguments.Has("help")) {
    if (ranks->leads()) std::cout << kUsage << FlagsHelp(Flags()) << kExitCodes;
    return kDone;
  }
  absl::Status status = Check(arguments);
  const absl::StatusOr<int64_t> benchmark_steps = arguments.GetInteger("benchmark_steps", 0, 1);
  const absl::StatusOr<int64_t> profile_steps = arguments.GetInteger("profile_steps", 0, 1);
  status.Update(benchmark_steps.status());
  status.Update(profile_steps.status());
  if (!status.ok()) return usage(status);
  absl::StatusOr<JobDocument> document = LoadJob(arguments.Get("config"), arguments.GetAll("set"));
  RETURN_IF_ERROR(ranks->Agree(BadInput(document.status())));
  if (document->job.name().empty()) document->job.set_name(std::filesystem::path(document->path).stem().string());
  if (*benchmark_steps > 0) {
    status = RunBenchmark(*document, static_cast<int>(*benchmark_steps), ranks, &std::cout);
  } else if (*profile_steps > 0) {
    status = RunProfile(*document, static_cast<int>(*profile_steps), ranks, &std::cout);
  } else if (arguments.Has("dump_plan")) {
    status = DumpPlan(*document, ranks, &std::cout);
  } else {
    return TrainOrServe(*std::move(document), arguments, ranks);
  }
  RETURN_IF_ERROR(BadInput(status));
  return kDone;
}

int Main(int argc, char** argv) {
  absl::StatusOr<std::unique_ptr<JobRanks>> ranks = JobRanks::Start(&argc, &argv);
  if (!ranks.ok()) {
    std::cerr << "trainer: " << ranks.status().message() << std::endl;
    return ExitCodeOf(ranks.status());
  }
  const absl::StatusOr<int> code = Run({argv + 1, argv + argc}, ranks->get());
  return code.ok() ? *code : (*ranks)->Fail(code.status());
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(argv[0]);
  return espalier::Main(argc, argv);
}
