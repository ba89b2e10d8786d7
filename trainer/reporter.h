// Everything a run tells while it trains: metrics.jsonl, TensorBoard events and the terminal's progress.
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
#include "trainer/metrics.h"
#include "trainer/progress.h"
#include "trainer/tensorboard.h"

namespace espalier {

class Reporter {
 public:
  // `step` is the step the run starts or resumes at: what the files say of later ones is dropped.
  static absl::StatusOr<std::unique_ptr<Reporter>> Create(FileSystem* files, std::ostream* out,
                                                          const std::string& directory, const Output& output,
                                                          int64_t batch_size, std::vector<ProgressPhase> phases,
                                                          int64_t step);

  Progress& progress() { return *progress_; }
  absl::Status Write(const MetricsRecord& record);
  // A histogram of each parameter's values.
  absl::Status WriteHistograms(int64_t step, const ParameterStore& parameters);
  // All metrics are on the disk on return.
  absl::Status Sync() { return metrics_->Sync(); }

 private:
  Reporter() = default;

  std::optional<MetricsWriter> metrics_;
  std::optional<TensorBoardWriter> tensorboard_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_REPORTER_H_
