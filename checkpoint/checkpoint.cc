#include "checkpoint/checkpoint.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr char kPrefix[] = "step-";
constexpr char kTemporary[] = ".tmp";      // being written, or being removed
constexpr char kReplaced[] = ".replaced";  // gives way to a new checkpoint of its step

// The N of "step-N" followed by `suffix`; nothing for any other name.
std::optional<int64_t> StepOf(absl::string_view name, absl::string_view suffix) {
  int64_t step;
  if (!absl::ConsumePrefix(&name, kPrefix) || !absl::ConsumeSuffix(&name, suffix)) return std::nullopt;
  if (!absl::SimpleAtoi(name, &step) || step < 0 || absl::StrCat(step) != name) return std::nullopt;
  return step;
}

}  // namespace

CheckpointStore::CheckpointStore(FileSystem* files, std::string directory, int keep)
    : files_(files), directory_(std::move(directory)), keep_(keep) {
  CHECK_GE(keep, 1);
}

std::string CheckpointStore::PathOf(int64_t step) const { return JoinPath(directory_, absl::StrCat(kPrefix, step)); }

absl::StatusOr<std::vector<CheckpointStore::Finished>> CheckpointStore::ListFinished() const {
  std::vector<Finished> finished;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_->List(directory_);
  if (absl::IsNotFound(entries.status())) return finished;
  RETURN_IF_ERROR(entries.status());
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.is_directory) continue;
    if (const auto step = StepOf(entry.name, kReplaced)) finished.push_back({*step, 0, entry.name});
    if (const auto step = StepOf(entry.name, "")) finished.push_back({*step, 1, entry.name});
  }
  std::sort(finished.begin(), finished.end(), [](const Finished& a, const Finished& b) {
    return std::tie(a.step, a.precedence) < std::tie(b.step, b.precedence);
  });
  return finished;
}

std::map<int64_t, std::string> CheckpointStore::NameOfEachStep(const std::vector<Finished>& all) {
  std::map<int64_t, std::string> names;
  for (const Finished& finished : all) names[finished.step] = finished.name;  // the last has precedence
  return names;
}

absl::StatusOr<std::vector<int64_t>> CheckpointStore::Steps() const {
  ASSIGN_OR_RETURN(const std::vector<Finished> all, ListFinished());
  std::vector<int64_t> steps;
  for (const auto& [step, name] : NameOfEachStep(all)) steps.push_back(step);
  return steps;
}

absl::Status CheckpointStore::Save(const TrainingState& training) {
  const int64_t step = training.state.global_step();
  CHECK_GE(step, 0);
  const std::string path = PathOf(step), temporary = path + kTemporary;
  if (!directory_made_) RETURN_IF_ERROR(CreateDirectories(files_, directory_));
  directory_made_ = true;
  RETURN_IF_ERROR(RemoveTree(files_, temporary));
  RETURN_IF_ERROR(files_->CreateDirectory(temporary));
  absl::Status saved = WriteCheckpoint(files_, temporary, training);
  if (saved.ok()) saved = Commit(temporary, path);
  if (!saved.ok()) {
    RemoveTree(files_, temporary).IgnoreError();  // frees a full disk
    return absl::Status(saved.code(), absl::StrCat("checkpoint of step ", step, " not saved: ", saved.message()));
  }
  unusable_.erase(step);
  RETURN_IF_ERROR(RemoveLater(step));
  if (const absl::Status removed = RemoveOld(step); !removed.ok()) {
    LOG(WARNING) << "checkpoint of step " << step << " saved, but older ones remain: " << removed.message();
  }
  return absl::OkStatus();
}

absl::Status CheckpointStore::Commit(const std::string& temporary, const std::string& path) {
  if (files_->Exists(path)) {
    const std::string replaced = path + kReplaced;
    RETURN_IF_ERROR(RemoveTree(files_, replaced));
    RETURN_IF_ERROR(files_->Rename(path, replaced));
    RETURN_IF_ERROR(files_->SyncDirectory(directory_));
  }
  RETURN_IF_ERROR(files_->Rename(temporary, path));
  return files_->SyncDirectory(directory_);
}

absl::StatusOr<std::set<int64_t>> CheckpointStore::StepsToKeep(const std::map<int64_t, std::string>& names,
                                                               int64_t saved_step) {
  std::set<int64_t> loadable;
  std::set<int64_t> best;
  for (auto it = names.rbegin(); it != names.rend() && loadable.size() < keep_; ++it) {
    const auto& [step, name] = *it;
    if (unusable_.count(step) > 0) continue;
    const absl::StatusOr<CheckpointState> state = ReadCheckpointState(files_, JoinPath(directory_, name));
    if (absl::IsDataLoss(state.status()) || absl::IsNotFound(state.status())) {
      LOG(WARNING) << "checkpoint of step " << step << " would not load: " << state.status().message();
      unusable_.insert(step);
      continue;
    }
    RETURN_IF_ERROR(state.status());  // its best is not known, so nothing may go
    loadable.insert(step);
    if (state->has_best()) best.insert(state->best().step());
  }
  std::set<int64_t> kept = {saved_step};
  kept.insert(loadable.begin(), loadable.end());
  kept.insert(best.begin(), best.end());
  return kept;
}

// In ascending order, so that the latest is found until the last of them is gone.
absl::Status CheckpointStore::RemoveLater(int64_t step) {
  ASSIGN_OR_RETURN(const std::vector<Finished> all, ListFinished());
  if (all.empty() || all.back().step <= step) return absl::OkStatus();
  for (const Finished& finished : all) {
    if (finished.step > step) RETURN_IF_ERROR(Remove(finished.name));
  }
  return files_->SyncDirectory(directory_);
}

absl::Status CheckpointStore::RemoveOld(int64_t saved_step) {
  ASSIGN_OR_RETURN(const std::vector<Finished> all, ListFinished());
  const std::map<int64_t, std::string> names = NameOfEachStep(all);
  ASSIGN_OR_RETURN(const std::set<int64_t> kept, StepsToKeep(names, saved_step));
  for (const Finished& finished : all) {
    const bool wanted = kept.count(finished.step) > 0 && names.at(finished.step) == finished.name;
    if (!wanted) RETURN_IF_ERROR(Remove(finished.name));
  }
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files_->List(directory_));
  for (const DirectoryEntry& entry : entries) {
    if (StepOf(entry.name, kTemporary).has_value()) RETURN_IF_ERROR(Remove(entry.name));
  }
  return absl::OkStatus();
}

// Under the temporary name first, so that no half-removed directory bears a checkpoint's name.
absl::Status CheckpointStore::Remove(const std::string& name) {
  std::string path = JoinPath(directory_, name);
  if (!absl::EndsWith(name, kTemporary)) {
    const std::string temporary = path + kTemporary;
    RETURN_IF_ERROR(RemoveTree(files_, temporary));
    RETURN_IF_ERROR(files_->Rename(path, temporary));
    path = temporary;
  }
  return RemoveTree(files_, path);
}

absl::StatusOr<Checkpoint> CheckpointStore::Open(int64_t step, const std::string& path) const {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(files_, path));
  if (checkpoint.step() != step) {
    return absl::DataLossError(absl::StrCat(path, ": is a checkpoint of step ", checkpoint.step()));
  }
  return checkpoint;
}

absl::StatusOr<Checkpoint> CheckpointStore::LoadLatest() {
  skipped_.clear();
  ASSIGN_OR_RETURN(const std::vector<Finished> all, ListFinished());
  const std::map<int64_t, std::string> names = NameOfEachStep(all);
  if (names.empty()) return absl::NotFoundError(absl::StrCat("no checkpoint in ", directory_));
  for (auto it = names.rbegin(); it != names.rend(); ++it) {
    absl::StatusOr<Checkpoint> checkpoint = Open(it->first, JoinPath(directory_, it->second));
    if (checkpoint.ok()) return checkpoint;
    unusable_.insert(it->first);
    skipped_.push_back(absl::StrCat("checkpoint of step ", it->first, " not used: ", checkpoint.status().message()));
  }
  return absl::DataLossError(absl::StrCat("no checkpoint in ", directory_, " loads: ", absl::StrJoin(skipped_, "; ")));
}

absl::StatusOr<Checkpoint> CheckpointStore::Load(int64_t step) const {
  ASSIGN_OR_RETURN(const std::vector<Finished> all, ListFinished());
  const std::map<int64_t, std::string> names = NameOfEachStep(all);
  const auto found = names.find(step);
  if (found == names.end()) {
    return absl::NotFoundError(absl::StrCat("no checkpoint of step ", step, " in ", directory_));
  }
  return Open(step, JoinPath(directory_, found->second));
}

absl::StatusOr<Checkpoint> CheckpointStore::LoadBest() {
  ASSIGN_OR_RETURN(Checkpoint latest, LoadLatest());
  if (!latest.state().has_best()) {
    return absl::NotFoundError(absl::StrCat("checkpoint of step ", latest.step(), " in ", directory_,
                                            " names no best: none was validated before it"));
  }
  const int64_t best = latest.state().best().step();
  if (best == latest.step()) return latest;
  return Load(best);
}

absl::Status CheckpointStore::Clear() {
  unusable_.clear();
  return RemoveLater(-1);
}

}  // namespace espalier
