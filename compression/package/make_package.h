// From trained weights to a package.
#ifndef ESPALIER_COMPRESSION_PACKAGE_MAKE_PACKAGE_H_
#define ESPALIER_COMPRESSION_PACKAGE_MAKE_PACKAGE_H_

#include <vector>

#include "absl/types/span.h"
#include "compression/package/package.h"
#include "core/executor.h"
#include "core/files/safetensors.h"
#include "core/status.h"
#include "proto/job.pb.h"

namespace espalier {

struct MakePackageOptions {
  // Batch norm's four vectors become two: scale' = scale / sqrt(variance + epsilon) and shift' = shift - mean * scale',
  // with mean 0 and a variance that epsilon makes 1. The layer computes the same to rounding.
  bool fold_batch_norm = true;
  // How shared values, and floats of biases and norm parameters, are stored. F16 and BF16 round them.
  DType shared_values = DType::kF32;
  DType small_tensors = DType::kF32;
};

// The package of info.model() with these parameters and states, by name, f32. Whoever trained says nothing of what was
// done to the weights; it is found in them:
//   - a tensor of so few different values that codes are smaller than floats becomes SharedValues; negative zeros
//     become zeros;
//   - weights that are integers of 8 or 16 bits times a power of two (fixed point) become IntegerValues, where that is
//     smaller;
//   - a bias, norm parameter or state of one value becomes a ConstantValue;
//   - all else becomes FloatValues, which the file stores sparsely if that is smaller.
// InvalidArgument that lists what is missing, unexpected or of another shape; or that names a tensor with a number that
// is not finite.
absl::StatusOr<Package> MakePackage(PackageInfo info, absl::Span<const NamedTensor> tensors,
                                    const MakePackageOptions& options = {});

// What a package says of the job that trained it: its network, and its validation data, with the size of their batches
// if it has one of its own.
PackageInfo InfoOf(const Job& job);

// The parameters and states of a store, sharing its memory: what MakePackage takes.
std::vector<NamedTensor> TensorsOf(const ParameterStore& store);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_MAKE_PACKAGE_H_
