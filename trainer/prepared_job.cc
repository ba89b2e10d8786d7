#include "trainer/prepared_job.h"

#include <omp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/human_readable.h"
#include "data/validation_batch_size.h"
#include "optim/loss_scaler.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "tools/network_report.h"

namespace espalier {
namespace {

class Preparer {
 public:
  Preparer(PreparedJob* prepared, const std::string& data_dir, const WorkerPlace& place)
      : prepared_(*prepared), job_(prepared->job()), data_dir_(data_dir), place_(place) {}

  absl::Status Run() {
    const int threads = place_.threads > 0 ? place_.threads : omp_get_max_threads();
    const absl::StatusOr<WorkShare> share = ShareWork(job_, place_.worker, place_.workers, threads);
    if (!share.ok()) return ShareError(std::string(share.status().message()));
    prepared_.share = *share;
    OpenData();
    BuildNetwork();
    if (errors_.empty()) {
      LayOutPhases();
      PlanCompression();
      MatchNetworkAndData();
    }
    return errors_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
  }

 private:
  // Notes what is at fault, and where the job says it.
  void Error(const std::string& path, absl::string_view message) {
    errors_.push_back(absl::StrCat(prepared_.document.sources.Cite(path), ": ", path, ": ", message));
  }
  void Check(const std::string& path, const absl::Status& status) {
    if (!status.ok()) Error(path, status.message());
  }

  // Of ShareWork, with the place where the job has the field.
  absl::Status ShareError(const std::string& message) {
    return absl::InvalidArgumentError(
        absl::StrCat(prepared_.document.sources.Cite(message.substr(0, message.find(": "))), ": ", message));
  }

  std::unique_ptr<Loader> Open(const std::string& path, const Dataset& dataset, const LoaderOptions& options) {
    absl::StatusOr<std::unique_ptr<Loader>> loader = Loader::Create(dataset, options);
    Check(path, loader.status());
    return loader.ok() ? *std::move(loader) : nullptr;
  }

  void OpenData() {
    const Data& data = job_.data();
    LoaderOptions options;
    options.data_dir = data_dir_;
    options.seed = job_.seed();
    options.batch_size = data.batch_size();
    options.threads = data.loader_threads();
    options.prefetch = data.prefetch();
    options.row_begin = prepared_.share.row_begin();
    options.row_end = prepared_.share.row_end();
    prepared_.train_data = Open("data.train", data.train(), options);
    if (!data.has_validation()) return;
    options.training = false;
    options.shuffle = false;
    options.batch_size = ValidationBatchSize(data);
    options.row_begin = options.row_end = 0;
    options.first_batch = place_.worker;
    options.batch_stride = place_.workers;
    prepared_.validation_data = Open("data.validation", data.validation(), options);
  }

  void BuildNetwork() {
    NetworkOptions options;
    const WorkShare& share = prepared_.share;
    options.batch_size = share.shard_rows();
    options.evaluation_batch_size = ValidationBatchSize(job_.data());
    options.seed = job_.seed();
    options.compute = job_.precision().compute();
    options.sources = &prepared_.document.sources;
    if (job_.parallel().data().synchronized_batch_norm() && share.workers > 1) {
      options.channel_reducer = place_.channel_reducer;
      options.global_batch_size = share.batch_size;
    }
    absl::StatusOr<std::unique_ptr<Network>> network = Network::Create(job_.model(), job_.loss(), options);
    if (!network.ok()) {
      errors_.emplace_back(network.status().message());  // cites its places itself
      return;
    }
    prepared_.network = *std::move(network);
    auto runner = ShardRunner::Create(job_.model(), job_.loss(), options, share, prepared_.network.get());
    if (runner.ok()) {
      prepared_.runner = *std::move(runner);
    } else {
      errors_.emplace_back(runner.status().message());
    }
  }

  void LayOutPhases() {
    const int64_t steps_per_epoch = prepared_.steps_per_epoch();
    PreparedPhase before;
    before.optimizer = &job_.optimizer();
    for (int i = 0; i < job_.phase_size(); ++i) {
      const Phase& phase = job_.phase(i);
      PreparedPhase prepared = before;
      prepared.name = phase.has_name() ? phase.name() : absl::StrCat("phase ", i + 1);
      prepared.steps = StepsIn(phase.epochs(), steps_per_epoch);
      if (phase.has_optimizer()) {
        prepared.optimizer_owner = i;
        prepared.optimizer = &phase.optimizer();
      }
      const std::string path = absl::StrCat("phase[", i, "]");
      Check(absl::StrCat(path, ".learning_rate"),
            LearningRateSchedule::Create(phase.learning_rate(), phase.epochs(), steps_per_epoch).status());
      if (i == 0 || phase.has_optimizer()) {
        const auto optimizer = ParameterOptimizer::Create(*prepared.optimizer, ParameterLayout());
        Check(phase.has_optimizer() ? absl::StrCat(path, ".optimizer") : "optimizer", optimizer.status());
        if (optimizer.ok()) prepared.slots = (*optimizer)->slot_count();
      }
      if (prepared.steps < 1) {
        Error(absl::StrCat(path, ".epochs"), absl::StrCat("expected at least one step, of which an epoch has ",
                                                          steps_per_epoch, "; found ", phase.epochs()));
      }
      prepared_.phases.push_back(prepared);
      before = prepared;
    }
    if (job_.precision().compute() == Precision::F16) {
      Check("precision.loss_scale", LossScaler::Create(job_.precision().loss_scale()).status());
    }
  }

  void PlanCompression() {
    const auto error = [this](const std::string& path, const std::string& message) { Error(path, message); };
    const ParameterLayout& layout = prepared_.network->parameters().layout();
    PrunePlanner pruning(layout, prepared_.steps_per_epoch(), error);
    SharePlanner sharing(layout, error);
    FixedPointPlanner fixed_point(layout, error);
    for (int i = 0; i < job_.phase_size(); ++i) {
      const std::string path = absl::StrCat("phase[", i, "]");
      prepared_.phases[i].pruning = pruning.Next(job_.phase(i), path);
      prepared_.phases[i].sharing = sharing.Next(job_.phase(i), path);
      prepared_.phases[i].fixed_point = fixed_point.Next(job_.phase(i), path);
    }
  }

  void MatchNetworkAndData() {
    const Graph& graph = prepared_.network->training().graph();
    const Shape& logits = graph.type(graph.output("logits")).shape;
    const Model& model = job_.model();
    const std::vector<int64_t> dims(model.input(0).dims().begin(), model.input(0).dims().end());
    const Shape input{absl::Span<const int64_t>(dims)};
    const auto check = [&](const std::string& path, const Loader& data) {
      const SampleType samples = data.sample_type();
      if (input != samples.image_shape) {
        Error(path, absl::StrCat("expected samples of ", input.ToString(), ", which the model takes, found ",
                                 samples.image_shape.ToString()));
      }
      if (logits[1] < samples.classes) {
        Error(path, absl::StrCat("expected at most ", logits[1], " classes, for which the model has outputs, found ",
                                 samples.classes));
      }
    };
    check("data.train", *prepared_.train_data);
    if (prepared_.validation_data) check("data.validation", *prepared_.validation_data);
  }

  PreparedJob& prepared_;
  const Job& job_;
  const std::string& data_dir_;
  const WorkerPlace& place_;
  std::vector<std::string> errors_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PreparedJob>> PrepareJob(JobDocument document, const std::string& data_dir,
                                                        const WorkerPlace& place) {
  auto prepared = std::make_unique<PreparedJob>();
  prepared->document = std::move(document);
  RETURN_IF_ERROR(Preparer(prepared.get(), data_dir, place).Run());
  return prepared;
}

namespace {

std::string DescribeShare(const Job& job, const WorkShare& share) {
  std::string text = absl::StrCat(share.workers, share.workers == 1 ? " rank trains" : " ranks train");
  if (job.parallel().data().has_parameter_server()) {
    const ParameterServer& server = job.parallel().data().parameter_server();
    absl::StrAppend(&text, ", ", server.servers(), " hold", server.servers() == 1 ? "s" : "", " the weights");
    if (server.has_asynchronous()) absl::StrAppend(&text, ", asynchronously");
    if (server.has_bounded_staleness()) {
      absl::StrAppend(&text, ", at most ", server.bounded_staleness().staleness(), " steps apart");
    }
  } else if (share.workers > 1) {
    absl::StrAppend(&text, ", all-reduce");
  }
  if (share.lanes > 0) absl::StrAppend(&text, "; reproducible: ", share.shards, " shards, ", share.lanes, " at a time");
  return text;
}

}  // namespace

std::string DescribeJob(const PreparedJob& prepared) {
  const Job& job = prepared.job();
  const NetworkFigures figures = prepared.network->Figures();
  std::string text = absl::StrCat("job \"", job.name(), "\" (", prepared.document.path, ")\n");
  absl::StrAppend(&text, "  model       ", FormatCount(figures.parameters), " parameters, ",
                  FormatCount(figures.forward_macs), " multiply-accumulates a sample\n");
  absl::StrAppend(&text, "  data        ", FormatCount(prepared.train_data->size()), " training samples, ",
                  prepared.validation_data ? FormatCount(prepared.validation_data->size()) : "none",
                  " for validation; batch ", job.data().batch_size(), ", ", FormatCount(prepared.steps_per_epoch()),
                  " steps an epoch\n");
  if (prepared.share.workers > 1 || prepared.share.lanes > 0) {
    absl::StrAppend(&text, "  parallel    ", DescribeShare(job, prepared.share), "\n");
  }
  absl::StrAppend(&text, "  precision   ", Precision::Compute_Name(job.precision().compute()), "\n");
  int slots = 0;
  for (const PreparedPhase& phase : prepared.phases) slots = std::max(slots, phase.slots);
  absl::StrAppend(&text, "  memory      ", FormatBytes(figures.parameter_bytes), " weights and gradients, ",
                  FormatBytes(slots * figures.parameter_bytes / 2), " optimizer, ",
                  FormatBytes(figures.workspace_bytes), " activations\n");
  for (size_t i = 0; i < prepared.phases.size(); ++i) {
    const PreparedPhase& phase = prepared.phases[i];
    const ParameterLayout& layout = prepared.network->parameters().layout();
    std::string changes;
    for (const std::string& change : {DescribePruning(phase.pruning, layout), DescribeSharing(phase.sharing, layout),
                                      DescribeFixedPoint(phase.fixed_point, layout)}) {
      if (!change.empty()) absl::StrAppend(&changes, "; ", change);
    }
    absl::StrAppend(&text, i == 0 ? "  phases      " : "              ", phase.name, ": ",
                    job.phase(static_cast<int>(i)).epochs(), " epochs, ", FormatCount(phase.steps), " steps", changes,
                    "\n");
  }
  return text;
}

std::string DescribeLayers(const PreparedJob& prepared) {
  Graph graph;
  const absl::StatusOr<BuiltModel> model = BuildModel(prepared.job().model(), BuildOptions(), &graph);
  CHECK(model.ok()) << model.status();  // the network was built from it
  return NetworkTable(ReportNetwork(*model, graph));
}

}  // namespace espalier
