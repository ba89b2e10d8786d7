// Finds out which tensor of a foreign file is which of a network's.
#ifndef ESPALIER_COMPRESSION_IMPORT_NAME_MATCHING_H_
#define ESPALIER_COMPRESSION_IMPORT_NAME_MATCHING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "compression/import/import_target.h"
#include "compression/import/name_table.h"
#include "core/shape.h"

namespace espalier {

struct ForeignTensor {
  std::string name;
  Shape shape;
};

struct NameMatching {
  std::vector<int> theirs;    // for each tensor of the package, the file's
  std::vector<int> left_out;  // tensors of the file that the network has no use for
};

// In this order:
//   1. what `table` says;
//   2. the counters of PyTorch's batch norms, num_batches_tracked, are left out;
//   3. equal names ('.' or '/' between their parts);
//   4. modules and layers whose tensors have equal shapes, if there is one of each, or as many of each and the modules'
//      names differ in nothing but their numbers, which then are taken as their order. Shortcuts (with "downsample" or
//      "shortcut" in the name) are told apart from the rest;
//   5. batch norms by the convolution that they follow: "bn1" goes with "conv1", "features.1" with "features.0".
// Parts go by PyTorch's names: weight, bias; of a batch norm running_mean and running_var too.
//
// InvalidArgument, a line for each problem, if a tensor is left on either side or shapes differ. `table_path` is cited.
absl::StatusOr<NameMatching> MatchNames(absl::Span<const ForeignTensor> theirs, const ImportTarget& target,
                                        const std::vector<NamePair>& table, const std::string& table_path);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_NAME_MATCHING_H_
