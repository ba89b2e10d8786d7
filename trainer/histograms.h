// histograms.jsonl: how the weights were distributed at each phase's beginning and end and at each validation, a line
// per parameter (tools/weight_histogram.h), in the order of steps. Biases and the parameters of norms are left out.
//
// After `kill -9` and a resume, the file equals that of an uninterrupted run, provided that a checkpoint of step N is
// written after the lines of steps up to N but for those of a phase's beginning, and after Sync().
#ifndef ESPALIER_TRAINER_HISTOGRAMS_H_
#define ESPALIER_TRAINER_HISTOGRAMS_H_

#include <cstdint>
#include <string>
#include <utility>

#include "core/executor.h"
#include "core/files/file_system.h"
#include "tools/weight_histogram.h"
#include "trainer/log_file.h"

namespace espalier {

class HistogramsWriter {
 public:
  // Starts an empty file; what stood there before is lost.
  static absl::StatusOr<HistogramsWriter> Create(FileSystem* files, const std::string& path);

  // Continues the file of a run whose checkpoint is of `step`, or a new one. Dropped are the lines of later steps and,
  // of this step, those of a phase's beginning, which the run goes through again; without `keep_validation` all of this
  // step. DataLoss, the file unchanged, if a line that must remain cannot be read.
  static absl::StatusOr<HistogramsWriter> Resume(FileSystem* files, const std::string& path, int64_t step,
                                                 bool keep_validation);

  // A line for each parameter; `when` says of which moment. The lines arrive all or not at all.
  absl::Status Write(const WeightHistogram& when, const ParameterStore& parameters);

  // Returns once all lines are on the disk.
  absl::Status Sync() { return file_.Sync(); }

 private:
  explicit HistogramsWriter(LogFile file) : file_(std::move(file)) {}

  LogFile file_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_HISTOGRAMS_H_
