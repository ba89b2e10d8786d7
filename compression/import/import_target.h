// What a network wants of a file of weights: its parameters and states, layer by layer.
#ifndef ESPALIER_COMPRESSION_IMPORT_IMPORT_TARGET_H_
#define ESPALIER_COMPRESSION_IMPORT_IMPORT_TARGET_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compression/package/package.h"
#include "core/shape.h"
#include "layers/model_builder.h"
#include "proto/model.pb.h"

namespace espalier {

struct TargetTensor {
  std::string part;  // the name within its layer: "weight"
  Shape shape;
  int index = -1;  // among the package's tensors
};

// A layer with parameters or states.
struct TargetLayer {
  std::string name;  // the full one: "fire2/squeeze"
  std::string kind;  // as written in the model: "conv"
  std::vector<TargetTensor> tensors;
  // The layer (of this list) whose output this one reads directly, nothing in between; -1: none.
  int reads = -1;
};

struct ImportTarget {
  std::vector<TargetLayer> layers;  // in the order of the graph
  // The model, and all its tensors by name and shape, without values yet.
  Package package;
};

// Errors are those of BuildModel. `options` say where the model was written; its batch size is of no interest.
absl::StatusOr<ImportTarget> MakeImportTarget(const Model& model, BuildOptions options = {});

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_IMPORT_TARGET_H_
