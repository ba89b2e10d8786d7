#include "trainer/reporter.h"

#include <chrono>

#include "core/clock.h"
#include "core/host_name.h"

namespace espalier {
namespace {

double SecondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reporter>> Reporter::Create(ReporterOptions options) {
  std::unique_ptr<Reporter> reporter(new Reporter());
  reporter->metrics_path_ = JoinPath(options.directory, "metrics.jsonl");
  if (!options.silent) RETURN_IF_ERROR(reporter->OpenFiles(options));
  ProgressOptions progress;
  progress.out = options.out;
  progress.terminal = options.terminal;
  progress.clock = SteadySeconds;
  progress.images_per_step = options.batch_size;
  reporter->progress_ = std::make_unique<Progress>(std::move(progress), std::move(options.phases));
  return reporter;
}

absl::Status Reporter::OpenFiles(const ReporterOptions& options) {
  absl::StatusOr<MetricsWriter> metrics =
      options.step > 0 ? MetricsWriter::Resume(options.files, metrics_path_, options.step, !options.validation_due)
                       : MetricsWriter::Create(options.files, metrics_path_);
  if (!metrics.ok()) return metrics.status();
  metrics_.emplace(*std::move(metrics));
  if (!options.tensorboard) return absl::OkStatus();
  TensorBoardOptions tensorboard;
  tensorboard.files = options.files;
  tensorboard.directory = options.directory;
  tensorboard.host = HostName("localhost");
  tensorboard.clock = SecondsSince1970;
  tensorboard.first_step = options.step > 0 ? options.step + 1 : 0;
  absl::StatusOr<TensorBoardWriter> events = TensorBoardWriter::Create(std::move(tensorboard));
  if (!events.ok()) return events.status();
  tensorboard_.emplace(*std::move(events));
  return absl::OkStatus();
}

absl::Status Reporter::Write(const MetricsRecord& record) {
  if (metrics_) RETURN_IF_ERROR(metrics_->Write(record));
  return tensorboard_ ? tensorboard_->AddRecord(record) : absl::OkStatus();
}

absl::Status Reporter::WriteHistograms(int64_t step, const ParameterStore& parameters) {
  if (!tensorboard_) return absl::OkStatus();
  for (int i = 0; i < parameters.layout().size(); ++i) {
    const Tensor weight = parameters.weight(i);
    RETURN_IF_ERROR(tensorboard_->AddHistogram(step, parameters.layout()[i].name,
                                               {weight.data<float>(), static_cast<size_t>(weight.elements())}));
  }
  return absl::OkStatus();
}

}  // namespace espalier
