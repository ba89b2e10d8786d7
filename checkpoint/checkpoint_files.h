// One checkpoint as a directory of files:
//
//   weights.safetensors     parameters and running statistics, by name
//   optimizer.safetensors   the optimizer's slots, as "slot/parameter"
//   transforms.safetensors  the state of weight transforms, as "transform/parameter"; absent where there is none
//   state.pbtxt             a CheckpointState in text form, with the size and CRC-32C of the files above; its last
//                           line, "# crc32c XXXXXXXX\n" in lower-case hexadecimal, is the checksum of all before it
//
// So every byte of a checkpoint is under a checksum, and files of two checkpoints cannot be mixed.
#ifndef ESPALIER_CHECKPOINT_CHECKPOINT_FILES_H_
#define ESPALIER_CHECKPOINT_CHECKPOINT_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/files/safetensors.h"
#include "proto/checkpoint.pb.h"

namespace espalier {

// All that a run needs to go on. The tensors share storage with the arenas: saving copies nothing.
struct TrainingState {
  CheckpointState state;
  std::vector<NamedTensor> weights;
  std::vector<NamedTensor> optimizer;
  std::vector<NamedTensor> transforms;
};

// A checkpoint whose checksums all hold.
class Checkpoint {
 public:
  const CheckpointState& state() const { return state_; }
  int64_t step() const { return state_.global_step(); }

  // Names, dtypes and shapes, in the order of the file.
  const std::vector<SafetensorsReader::Entry>& weights() const { return weights_.entries(); }
  const std::vector<SafetensorsReader::Entry>& optimizer() const { return optimizer_.entries(); }

  // Fill all of `tensors`, which must be the checkpoint's by name, dtype and shape: else InvalidArgument that lists
  // every missing, unexpected and differing one, and nothing is written.
  absl::Status ReadWeights(absl::Span<const NamedTensor> tensors) const { return weights_.ReadAll(tensors); }
  absl::Status ReadOptimizer(absl::Span<const NamedTensor> tensors) const { return optimizer_.ReadAll(tensors); }
  absl::Status ReadTransforms(absl::Span<const NamedTensor> tensors) const;

 private:
  friend absl::StatusOr<Checkpoint> ReadCheckpoint(FileSystem* files, const std::string& directory);
  Checkpoint(CheckpointState state, SafetensorsReader weights, SafetensorsReader optimizer,
             std::optional<SafetensorsReader> transforms)
      : state_(std::move(state)),
        weights_(std::move(weights)),
        optimizer_(std::move(optimizer)),
        transforms_(std::move(transforms)) {}

  CheckpointState state_;
  SafetensorsReader weights_;
  SafetensorsReader optimizer_;
  std::optional<SafetensorsReader> transforms_;
};

// Writes the files into an existing, empty directory and syncs them and it. (Its name is durable only when its
// parent is synced.)
absl::Status WriteCheckpoint(FileSystem* files, const std::string& directory, const TrainingState& training);

// Proves every checksum, then opens. DataLoss names the file that is torn or corrupt, and how.
absl::StatusOr<Checkpoint> ReadCheckpoint(FileSystem* files, const std::string& directory);

// state.pbtxt alone, its own checksum proven, those of the other files not.
absl::StatusOr<CheckpointState> ReadCheckpointState(FileSystem* files, const std::string& directory);

}  // namespace espalier

#endif  // ESPALIER_CHECKPOINT_CHECKPOINT_FILES_H_
