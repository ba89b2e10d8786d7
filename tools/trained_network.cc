#include "tools/trained_network.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint.h"
#include "compression/package/make_package.h"
#include "proto/job.pb.h"

namespace espalier {
namespace {

absl::StatusOr<Checkpoint> Load(FileSystem* files, const std::string& path, bool best) {
  if (files->Exists(JoinPath(path, "state.pbtxt"))) {
    if (best) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": expected an output directory, of whose checkpoints to take the best, found a checkpoint"));
    }
    return ReadCheckpoint(files, path);
  }
  const std::string directory = JoinPath(path, "checkpoints");
  if (!files->Exists(directory)) {
    return absl::NotFoundError(absl::StrCat(path,
                                            ": expected a checkpoint (with a state.pbtxt) or an output directory ",
                                            "(with checkpoints/), found neither"));
  }
  CheckpointStore store(files, directory);
  return best ? store.LoadBest() : store.LoadLatest();
}

}  // namespace

absl::StatusOr<TrainedNetwork> LoadTrainedNetwork(FileSystem* files, const std::string& path, bool best) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Load(files, path, best));
  TrainedNetwork network;
  network.step = checkpoint.step();
  Job job;
  if (!google::protobuf::TextFormat::ParseFromString(checkpoint.state().job(), &job) || !job.has_model()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": expected a checkpoint that holds its job, found none"));
  }
  network.info = InfoOf(job);
  for (const SafetensorsReader::Entry& entry : checkpoint.weights()) {
    network.tensors.push_back({entry.name, Tensor(entry.dtype, entry.shape)});
  }
  RETURN_IF_ERROR(checkpoint.ReadWeights(network.tensors));
  return network;
}

}  // namespace espalier
