// Networks that were trained elsewhere: PyTorch's state_dict in a safetensors file.
#ifndef ESPALIER_COMPRESSION_IMPORT_SAFETENSORS_IMPORT_H_
#define ESPALIER_COMPRESSION_IMPORT_SAFETENSORS_IMPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compression/import/import_target.h"
#include "compression/import/name_table.h"
#include "compression/package/package.h"
#include "core/files/safetensors.h"

namespace espalier {

struct ImportedTensors {
  // With what MakePackage finds in the weights: pruned, shared, in fixed point. Batch norms are not folded.
  Package package;
  std::vector<std::string> theirs;    // for each of the package's tensors, its name in the file
  std::vector<std::string> left_out;  // tensors of the file that the network has no use for
};

// Names go as MatchNames says. F32, F16 and BF16 are taken. The error has a line for each problem: names, shapes,
// types, numbers that are not finite.
absl::StatusOr<ImportedTensors> ImportSafetensors(const SafetensorsReader& file, ImportTarget target,
                                                  const std::vector<NamePair>& table, const std::string& table_path);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_SAFETENSORS_IMPORT_H_
