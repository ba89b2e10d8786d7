// A package's weights in the plain.
#ifndef ESPALIER_COMPRESSION_PACKAGE_EFFECTIVE_WEIGHTS_H_
#define ESPALIER_COMPRESSION_PACKAGE_EFFECTIVE_WEIGHTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "compression/package/package.h"
#include "core/files/file_system.h"

namespace espalier {

// Writes the numbers that the package's network computes with to a safetensors file, in f32 and under the names of a
// checkpoint's weights.safetensors: what a job's `initial_weights` takes. The file is whole or not there. Returns its
// bytes.
absl::StatusOr<uint64_t> WriteEffectiveWeights(FileSystem* files, const std::string& path, const Package& package);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_EFFECTIVE_WEIGHTS_H_
