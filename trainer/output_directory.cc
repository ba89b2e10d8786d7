#include "trainer/output_directory.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "trainer/exit_code.h"

namespace espalier {
namespace {

constexpr char kJobHeader[] =
    "# The job as it ran, with included files and overrides written out. `trainer --config` takes it again.\n";

// A path that no directory can have or that others own is the user's to change; a broken disk is not.
absl::Status Classify(const absl::Status& status) {
  const bool user = absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status) ||
                    absl::IsAlreadyExists(status) || absl::IsInvalidArgument(status) || absl::IsNotFound(status);
  return user ? BadInput(status) : status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputDirectory>> OutputDirectory::Open(FileSystem* files, const std::string& path,
                                                                       StartMode mode, const Output& output) {
  std::unique_ptr<OutputDirectory> directory(new OutputDirectory(files, path, output));
  RETURN_IF_ERROR(Classify(CreateDirectories(files, path)));
  absl::StatusOr<std::unique_ptr<DirectoryLock>> lock = files->LockDirectory(path);
  RETURN_IF_ERROR(Classify(lock.status()));
  directory->lock_ = *std::move(lock);
  ASSIGN_OR_RETURN(const std::vector<int64_t> steps, directory->checkpoints_.Steps());
  if (mode == StartMode::kNew && !steps.empty()) {
    return BadInput(absl::FailedPreconditionError(
        absl::StrCat(path, ": holds a run that reached step ", steps.back(),
                     "; continue it with --resume, replace it with --overwrite, or choose another --output_dir")));
  }
  if (mode == StartMode::kOverwrite) RETURN_IF_ERROR(directory->RemoveRun());
  return directory;
}

absl::Status OutputDirectory::RemoveRun() {
  RETURN_IF_ERROR(checkpoints_.Clear());
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files_->List(path_));
  for (const DirectoryEntry& entry : entries) {
    static const auto* const kOurs =
        new std::set<std::string>({"job.pbtxt", "metrics.jsonl", "histograms.jsonl", "curves.svg", "report.html"});
    const bool ours = kOurs->count(entry.name) > 0 || absl::StartsWith(entry.name, "events.out.tfevents.");
    if (ours && !entry.is_directory) RETURN_IF_ERROR(files_->RemoveFile(PathOf(entry.name)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Checkpoint>> OutputDirectory::LoadLatest() {
  absl::StatusOr<Checkpoint> checkpoint = checkpoints_.LoadLatest();
  if (absl::IsNotFound(checkpoint.status())) return std::nullopt;
  if (absl::IsDataLoss(checkpoint.status())) {
    return BadInput(absl::DataLossError(
        absl::StrCat(checkpoint.status().message(), "; begin anew with --overwrite, or choose another --output_dir")));
  }
  RETURN_IF_ERROR(checkpoint.status());
  return *std::move(checkpoint);
}

absl::Status OutputDirectory::WriteJob(absl::string_view job_text) {
  return WriteFileAtomically(files_, PathOf("job.pbtxt"), absl::StrCat(kJobHeader, job_text));
}

}  // namespace espalier
