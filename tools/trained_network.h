// What a training run has left, as far as a package wants it: the network, where its validation samples are, the
// weights.
#ifndef ESPALIER_TOOLS_TRAINED_NETWORK_H_
#define ESPALIER_TOOLS_TRAINED_NETWORK_H_

#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/files/safetensors.h"
#include "core/status.h"
#include "proto/package.pb.h"

namespace espalier {

struct TrainedNetwork {
  PackageInfo info;  // the model, the validation samples; nothing measured
  std::vector<NamedTensor> tensors;
  int64_t step = 0;  // of the checkpoint
};

// `path` is a checkpoint's directory, or an output directory, of whose checkpoints the newest that loads is taken, or
// the best. InvalidArgument or NotFound if there is none, or it is torn or corrupt.
absl::StatusOr<TrainedNetwork> LoadTrainedNetwork(FileSystem* files, const std::string& path, bool best);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_TRAINED_NETWORK_H_
