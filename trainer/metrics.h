// metrics.jsonl: what a run measured, one JSON object per line (tools/metrics_record.h), in the order of steps.
//
// After `kill -9` and a resume, the file equals that of an uninterrupted run but for wall-clock figures, provided that
// a checkpoint of step N is written after the records of steps up to N, and after Sync().
#ifndef ESPALIER_TRAINER_METRICS_H_
#define ESPALIER_TRAINER_METRICS_H_

#include <cstdint>
#include <string>
#include <utility>

#include "core/files/file_system.h"
#include "tools/metrics_record.h"
#include "trainer/log_file.h"

namespace espalier {

class MetricsWriter {
 public:
  // Starts an empty file; what stood there before is lost.
  static absl::StatusOr<MetricsWriter> Create(FileSystem* files, const std::string& path);

  // Continues the file of a run whose checkpoint is of `step`, as TruncateMetricsAfter leaves it, or a new one.
  static absl::StatusOr<MetricsWriter> Resume(FileSystem* files, const std::string& path, int64_t step,
                                              bool keep_validation = true);

  // Hands one whole line to the system. After an error (a full disk, say) the next call removes what arrived of the
  // line before it writes its own.
  absl::Status Write(const MetricsRecord& record);

  // Returns once all lines are on the disk.
  absl::Status Sync() { return file_.Sync(); }

 private:
  explicit MetricsWriter(LogFile file) : file_(std::move(file)) {}

  LogFile file_;
};

// Drops the records of later steps than `step`, without `keep_validation` that of its own validation (which the
// checkpoint was made before), and what a crash left of a last line. Returns the bytes that remain; a file that does
// not exist has none. DataLoss, the file unchanged, if a line that must remain cannot be read.
absl::StatusOr<uint64_t> TruncateMetricsAfter(FileSystem* files, const std::string& path, int64_t step,
                                              bool keep_validation = true);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_METRICS_H_
