// The `trainer` program: trains the network of a job file.

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "core/onednn/kernels.h"
#include "glog/logging.h"
#include "proto/job_loader.h"
#include "trainer/benchmark.h"
#include "trainer/signals.h"
#include "trainer/trainer.h"

ABSL_FLAG(std::string, config, "", "the job: a file, or the name of a shipped one (lenet5)");
ABSL_FLAG(std::string, data_dir, "", "folder that holds mnist/, cifar10/, ...; default: $ESPALIER_DATA_DIR");
ABSL_FLAG(std::string, output_dir, "", "where results go; default: out/JOB_NAME");
ABSL_FLAG(std::vector<std::string>, set, {}, "PATH=VALUE overrides a field of the job; may be repeated");
ABSL_FLAG(bool, resume, false, "continue from the newest checkpoint of the output folder");
ABSL_FLAG(bool, overwrite, false, "begin anew where a run has been");
ABSL_FLAG(bool, dry_run, false, "prove the job, say what it takes, and stop");
ABSL_FLAG(int, benchmark_steps, 0, "time this many training steps on one in-memory batch, and stop");
ABSL_FLAG(int, profile_steps, 0, "time every kernel over this many training steps, and stop");
ABSL_FLAG(bool, dump_plan, false, "print the plan of a training step, and stop");

namespace espalier {
namespace {

// Exit codes: a contract with scripts.
constexpr int kDone = 0, kFailed = 1, kBadUsage = 2, kStoppedBySignal = 75;

int Fail(int code, const absl::Status& status) {
  std::cerr << "trainer: " << status.message() << "\n";
  return code;
}

// `--set` may come many times and its values may hold commas, which absl's vector flags do neither of.
std::vector<std::string> TakeOverrides(std::vector<char*>* arguments) {
  std::vector<std::string> overrides;
  std::vector<char*> rest;
  for (size_t i = 0; i < arguments->size(); ++i) {
    const std::string argument = (*arguments)[i];
    if (argument == "--set" || argument == "-set") {
      if (i + 1 < arguments->size()) overrides.push_back((*arguments)[++i]);
    } else if (argument.rfind("--set=", 0) == 0) {
      overrides.push_back(argument.substr(6));
    } else {
      rest.push_back((*arguments)[i]);
    }
  }
  *arguments = std::move(rest);
  return overrides;
}

int Train(JobDocument document) {
  TrainerOptions options;
  options.data_dir = absl::GetFlag(FLAGS_data_dir);
  const char* environment = std::getenv("ESPALIER_DATA_DIR");
  if (options.data_dir.empty() && environment != nullptr) options.data_dir = environment;
  options.output_dir = absl::GetFlag(FLAGS_output_dir);
  if (options.output_dir.empty()) options.output_dir = absl::StrCat("out/", document.job.name());
  options.resume = absl::GetFlag(FLAGS_resume);
  options.overwrite = absl::GetFlag(FLAGS_overwrite);
  options.files = FileSystem::Posix();
  options.out = &std::cout;
  absl::StatusOr<std::unique_ptr<Trainer>> trainer = Trainer::Create(std::move(document), options);
  if (!trainer.ok()) return Fail(kBadUsage, trainer.status());
  std::cout << (*trainer)->Describe() << "  processor   " << OneDnnDescription() << "\n";
  if (absl::GetFlag(FLAGS_dry_run)) return kDone;
  std::cout << "  output      " << options.output_dir << "\n" << std::flush;
  CatchStopSignals();
  const absl::StatusOr<TrainingResult> result = (*trainer)->Run();
  if (!result.ok()) {
    const bool usage = absl::IsFailedPrecondition(result.status()) || absl::IsInvalidArgument(result.status()) ||
                       absl::IsDataLoss(result.status());
    return Fail(usage ? kBadUsage : kFailed, result.status());
  }
  if (result->stopped) {
    std::cout << "stopped at step " << result->steps << ", saved; continue with --resume\n";
    return kStoppedBySignal;
  }
  std::cout << "done: " << result->steps << " steps in " << FormatDuration(result->seconds);
  if (result->validation_top1) std::cout << ", validation top-1 " << FormatPercent(*result->validation_top1);
  if (result->best_top1) std::cout << " (best " << FormatPercent(*result->best_top1) << ")";
  std::cout << "\n";
  return kDone;
}

int Main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  absl::SetProgramUsageMessage(
      "trains the network of a job file\n\n"
      "  trainer --config lenet5.pbtxt [--data_dir DIR] [--output_dir DIR] [--set PATH=VALUE]... [--resume]\n");
  std::vector<char*> arguments(argv, argv + argc);
  const std::vector<std::string> overrides = TakeOverrides(&arguments);
  const std::vector<char*> positional = absl::ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
  if (positional.size() > 1) {
    return Fail(kBadUsage, absl::InvalidArgumentError(absl::StrCat("unexpected argument \"", positional[1],
                                                                   "\": flags begin with --, see --help")));
  }
  if (absl::GetFlag(FLAGS_config).empty()) {
    return Fail(kBadUsage, absl::InvalidArgumentError("which job? give --config FILE; see --help"));
  }
  absl::StatusOr<JobDocument> document = LoadJob(absl::GetFlag(FLAGS_config), overrides);
  if (!document.ok()) return Fail(kBadUsage, document.status());
  const int benchmark_steps = absl::GetFlag(FLAGS_benchmark_steps), profile_steps = absl::GetFlag(FLAGS_profile_steps);
  if (benchmark_steps < 0 || profile_steps < 0) {
    return Fail(kBadUsage, absl::InvalidArgumentError("a number of steps must be positive"));
  }
  absl::Status status;
  if (benchmark_steps > 0) {
    status = RunBenchmark(*document, benchmark_steps, &std::cout);
  } else if (profile_steps > 0) {
    status = RunProfile(*document, profile_steps, &std::cout);
  } else if (absl::GetFlag(FLAGS_dump_plan)) {
    status = DumpPlan(*document, &std::cout);
  } else {
    return Train(*std::move(document));
  }
  return status.ok() ? kDone : Fail(kBadUsage, status);
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) { return espalier::Main(argc, argv); }
