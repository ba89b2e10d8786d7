// A run's output directory: claimed by one process, the job beside its results, a former run resumed or replaced.
//
//   OUTPUT_DIR/job.pbtxt               the job as it runs, with included files and overrides written out
//   OUTPUT_DIR/checkpoints/step-N/     see checkpoint/checkpoint.h
//   OUTPUT_DIR/metrics.jsonl           see trainer/metrics.h
//   OUTPUT_DIR/histograms.jsonl        see trainer/histograms.h
//   OUTPUT_DIR/events.out.tfevents.*   see trainer/tensorboard.h
//   OUTPUT_DIR/curves.svg              written at the end
//   OUTPUT_DIR/report.html             written by `espalier report`
#ifndef ESPALIER_TRAINER_OUTPUT_DIRECTORY_H_
#define ESPALIER_TRAINER_OUTPUT_DIRECTORY_H_

#include <memory>
#include <optional>
#include <string>

#include "checkpoint/checkpoint.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "proto/job.pb.h"

namespace espalier {

enum class StartMode {
  kNew,        // refuses a directory that holds a run
  kResume,     // continues the newest checkpoint; begins anew where there is none
  kOverwrite,  // removes a run that is there
};

class OutputDirectory {
 public:
  // Creates and claims the directory. Errors that BadInput marks: another process holds it, it cannot be made, or it
  // holds a run under kNew.
  static absl::StatusOr<std::unique_ptr<OutputDirectory>> Open(FileSystem* files, const std::string& path,
                                                               StartMode mode, const Output& output);

  // The checkpoint to continue from, if there is one. With kResume only.
  absl::StatusOr<std::optional<Checkpoint>> LoadLatest();
  absl::Status WriteJob(absl::string_view job_text);

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const { return JoinPath(path_, name); }
  CheckpointStore& checkpoints() { return checkpoints_; }

 private:
  OutputDirectory(FileSystem* files, const std::string& path, const Output& output)
      : files_(files), path_(path), checkpoints_(files, PathOf("checkpoints"), output.keep_checkpoints()) {}
  absl::Status RemoveRun();

  FileSystem* const files_;
  const std::string path_;
  CheckpointStore checkpoints_;
  std::unique_ptr<DirectoryLock> lock_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_OUTPUT_DIRECTORY_H_
