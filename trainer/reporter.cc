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
  if (options.histograms) {
    const std::string path = JoinPath(options.directory, "histograms.jsonl");
    absl::StatusOr<HistogramsWriter> histograms =
        options.step > 0 ? HistogramsWriter::Resume(options.files, path, options.step, !options.validation_due)
                         : HistogramsWriter::Create(options.files, path);
    if (!histograms.ok()) return histograms.status();
    histograms_.emplace(*std::move(histograms));
  }
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

absl::Status Reporter::Sync() {
  if (metrics_) RETURN_IF_ERROR(metrics_->Sync());
  return histograms_ ? histograms_->Sync() : absl::OkStatus();
}

absl::Status Reporter::WriteHistograms(const WeightHistogram& when, const ParameterStore& parameters) {
  if (!histograms_) return absl::OkStatus();
  RETURN_IF_ERROR(histograms_->Write(when, parameters));
  if (!tensorboard_ || when.moment == WeightHistogram::Moment::kBegin) return absl::OkStatus();
  for (int i = 0; i < parameters.layout().size(); ++i) {
    const Tensor weight = parameters.weight(i);
    RETURN_IF_ERROR(tensorboard_->AddHistogram(when.step, parameters.layout()[i].name,
                                               {weight.data<float>(), static_cast<size_t>(weight.elements())}));
  }
  return absl::OkStatus();
}

}  // namespace espalier
