#include "trainer/checkpoint.h"

#include <optional>

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

// The names of all finished checkpoints by step. One that was to be replaced stands in until its successor is there.
absl::StatusOr<std::map<int64_t, std::string>> CheckpointStore::Committed() const {
  std::map<int64_t, std::string> committed;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_->List(directory_);
  if (absl::IsNotFound(entries.status())) return committed;
  RETURN_IF_ERROR(entries.status());
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.is_directory) continue;
    if (const std::optional<int64_t> step = StepOf(entry.name, "")) committed[*step] = entry.name;
    if (const std::optional<int64_t> step = StepOf(entry.name, kReplaced)) committed.emplace(*step, entry.name);
  }
  return committed;
}

absl::StatusOr<std::vector<int64_t>> CheckpointStore::Steps() const {
  ASSIGN_OR_RETURN(const auto committed, Committed());
  std::vector<int64_t> steps;
  for (const auto& [step, name] : committed) steps.push_back(step);
  return steps;
}

absl::Status CheckpointStore::Save(const TrainingState& training) {
  const int64_t step = training.state.global_step();
  const std::string path = PathOf(step), temporary = path + kTemporary;
  RETURN_IF_ERROR(CreateDirectories(files_, directory_));
  RETURN_IF_ERROR(RemoveTree(files_, temporary));
  RETURN_IF_ERROR(files_->CreateDirectory(temporary));
  absl::Status saved = WriteCheckpoint(files_, temporary, training);
  if (saved.ok()) saved = Commit(temporary, path);
  if (!saved.ok()) {
    RemoveTree(files_, temporary).IgnoreError();  // frees a full disk
    return absl::Status(saved.code(), absl::StrCat("checkpoint of step ", step, " not saved: ", saved.message()));
  }
  unusable_.erase(step);
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

std::set<int64_t> CheckpointStore::StepsToKeep(const std::map<int64_t, std::string>& committed,
                                               int64_t newest_step) const {
  std::set<int64_t> kept;
  std::set<int64_t> best;
  for (auto it = committed.rbegin(); it != committed.rend() && kept.size() < keep_; ++it) {
    const auto& [step, name] = *it;
    if (step > newest_step || unusable_.count(step) > 0) continue;
    kept.insert(step);
    const absl::StatusOr<CheckpointState> state = ReadCheckpointState(files_, JoinPath(directory_, name));
    if (state.ok() && state->has_best()) best.insert(state->best().step());
  }
  kept.insert(best.begin(), best.end());
  return kept;
}

absl::Status CheckpointStore::RemoveOld(int64_t newest_step) {
  ASSIGN_OR_RETURN(const auto committed, Committed());
  const std::set<int64_t> kept = StepsToKeep(committed, newest_step);
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files_->List(directory_));
  for (const DirectoryEntry& entry : entries) {
    const bool leftover = StepOf(entry.name, kTemporary).has_value();
    std::optional<int64_t> step = StepOf(entry.name, "");
    if (!step.has_value()) step = StepOf(entry.name, kReplaced);
    const bool unwanted = step.has_value() && (kept.count(*step) == 0 || committed.at(*step) != entry.name);
    if (leftover || unwanted) RETURN_IF_ERROR(Remove(entry.name));
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
  ASSIGN_OR_RETURN(const auto committed, Committed());
  if (committed.empty()) return absl::NotFoundError(absl::StrCat("no checkpoint in ", directory_));
  for (auto it = committed.rbegin(); it != committed.rend(); ++it) {
    absl::StatusOr<Checkpoint> checkpoint = Open(it->first, JoinPath(directory_, it->second));
    if (checkpoint.ok()) return checkpoint;
    unusable_.insert(it->first);
    skipped_.push_back(absl::StrCat("checkpoint of step ", it->first, " not used: ", checkpoint.status().message()));
    LOG(WARNING) << skipped_.back();
  }
  return absl::DataLossError(absl::StrCat("no checkpoint in ", directory_, " loads: ", absl::StrJoin(skipped_, "; ")));
}

absl::StatusOr<Checkpoint> CheckpointStore::Load(int64_t step) const {
  ASSIGN_OR_RETURN(const auto committed, Committed());
  const auto found = committed.find(step);
  if (found == committed.end()) {
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
  ASSIGN_OR_RETURN(const auto committed, Committed());
  for (const auto& [step, name] : committed) RETURN_IF_ERROR(Remove(name));
  unusable_.clear();
  return committed.empty() ? absl::OkStatus() : files_->SyncDirectory(directory_);
}

}  // namespace espalier
