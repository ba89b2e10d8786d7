// The checkpoints of a run: `DIRECTORY/step-N/`, each as checkpoint/checkpoint_files.h describes.
//
// Whatever fails while one is saved (a full disk, an I/O error, a kill, a loss of power), the new or the one before
// loads, never a mixture: the files are written and synced under the name `step-N.tmp`, which is then renamed, and the
// directory synced, before anything older goes. A checkpoint of the same step is moved to `step-N.replaced` first.
//
// One job may write to a directory at a time: hold FileSystem::LockDirectory on the output directory.
#ifndef ESPALIER_CHECKPOINT_CHECKPOINT_H_
#define ESPALIER_CHECKPOINT_CHECKPOINT_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_files.h"
#include "core/files/file_system.h"

namespace espalier {

class CheckpointStore {
 public:
  // `directory`, OUTPUT_DIR/checkpoints, is made by the first Save. Of the checkpoints, the `keep` (at least 1) newest
  // remain, and the best that each of these names in its state (CheckpointState::best).
  CheckpointStore(FileSystem* files, std::string directory, int keep = 2);

  // Durable on success, and then what LoadLatest finds. Whoever saves step N has turned from what came after it: later
  // steps, of a run resumed from before them, are removed. So are older ones that would not load; failure to remove
  // them is logged, not returned.
  absl::Status Save(const TrainingState& training);

  // The newest checkpoint whose checksums hold; skipped() then says why each newer one was not used: torn, corrupt or
  // unreadable. NotFound if there is no checkpoint at all; DataLoss, with all reasons, if there is none that loads.
  absl::StatusOr<Checkpoint> LoadLatest();
  absl::StatusOr<Checkpoint> Load(int64_t step) const;
  // The best by the state of the newest that loads; NotFound if it names none.
  absl::StatusOr<Checkpoint> LoadBest();

  // Steps of the checkpoints present, ascending, whether they load or not.
  absl::StatusOr<std::vector<int64_t>> Steps() const;
  // Why newer checkpoints than the one last loaded were not used.
  const std::vector<std::string>& skipped() const { return skipped_; }

  // Removes all checkpoints: for a job that starts anew where another has been.
  absl::Status Clear();

 private:
  // A directory that bears a checkpoint's name. `step-N.replaced` stands in for `step-N` (which has the greater
  // precedence) while that is not there.
  struct Finished {
    int64_t step;
    int precedence;
    std::string name;
  };

  std::string PathOf(int64_t step) const;
  absl::StatusOr<std::vector<Finished>> ListFinished() const;  // by step, then precedence
  static std::map<int64_t, std::string> NameOfEachStep(const std::vector<Finished>& all);
  absl::StatusOr<Checkpoint> Open(int64_t step, const std::string& path) const;
  absl::Status Commit(const std::string& temporary, const std::string& path);
  absl::Status RemoveLater(int64_t step);
  absl::Status RemoveOld(int64_t saved_step);
  absl::StatusOr<std::set<int64_t>> StepsToKeep(const std::map<int64_t, std::string>& names, int64_t saved_step);
  absl::Status Remove(const std::string& name);

  FileSystem* const files_;
  const std::string directory_;
  const int keep_;
  bool directory_made_ = false;
  std::set<int64_t> unusable_;  // steps found not to load; they do not count among the `keep_`
  std::vector<std::string> skipped_;
};

}  // namespace espalier

#endif  // ESPALIER_CHECKPOINT_CHECKPOINT_H_
