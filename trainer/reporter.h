// Everything a run tells while it trains: metrics.jsonl, histograms.jsonl, TensorBoard events and the terminal's
// progress.
#ifndef ESPALIER_TRAINER_REPORTER_H_
#define ESPALIER_TRAINER_REPORTER_H_

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/executor.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "proto/job.pb.h"
#include "trainer/histograms.h"
#include "trainer/metrics.h"
#include "trainer/progress.h"
#include "trainer/tensorboard.h"

namespace espalier {

struct ReporterOptions {
  bool silent = false;  // writes no files; `out` should lead nowhere, too
  FileSystem* files = nullptr;
  std::string directory;
  bool tensorboard = true;
  bool histograms = true;
  std::ostream* out = nullptr;
  Terminal terminal;  // that `out` goes to
  int64_t batch_size = 1;
  std::vector<ProgressPhase> phases;
  // The step the run starts or resumes at: what the files say of later ones is dropped; with `validation_due`, what
  // they say of this step's validation, too.
  int64_t step = 0;
  bool validation_due = false;
};

class Reporter {
 public:
  static absl::StatusOr<std::unique_ptr<Reporter>> Create(ReporterOptions options);

  Progress& progress() { return *progress_; }
  absl::Status Write(const MetricsRecord& record);
  // Histograms of the weights at the moment that `when` says; but for a phase's beginning, for TensorBoard those of all
  // parameters, too. Nothing if they are turned off.
  absl::Status WriteHistograms(const WeightHistogram& when, const ParameterStore& parameters);
  // All metrics and histograms are on the disk on return.
  absl::Status Sync();

  const std::string& metrics_path() const { return metrics_path_; }
  // Empty if there is none.
  std::string tensorboard_path() const { return tensorboard_ ? tensorboard_->path() : ""; }

 private:
  Reporter() = default;
  absl::Status OpenFiles(const ReporterOptions& options);

  std::string metrics_path_;

  std::optional<MetricsWriter> metrics_;
  std::optional<HistogramsWriter> histograms_;
  std::optional<TensorBoardWriter> tensorboard_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_REPORTER_H_
