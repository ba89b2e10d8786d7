// From the model's description to a flat graph of operators: expands composites and repeats, resolves inputs, names
// every layer and reports every problem at once.
#ifndef ESPALIER_LAYERS_MODEL_BUILDER_H_
#define ESPALIER_LAYERS_MODEL_BUILDER_H_

#include <string>
#include <vector>

#include "core/graph.h"
#include "proto/model.pb.h"
#include "proto/source_map.h"

namespace espalier {

struct BuildOptions {
  int64_t batch_size = 1;
  bool training = false;
  // Where fields were written, to be cited in errors, and the model's path there: "model" for a job's.
  const SourceMap* sources = nullptr;
  std::string path;
};

// A layer that is no composite, or the sum or concatenation that closes one.
struct BuiltLayer {
  std::string name;  // the full one: "stage2/block1/conv1"
  std::string kind;  // as written in the model: "conv"
  std::string path;  // of its description: "layer[3].residual.body.layer[1]"
  ValueId output = kNoValue;
};

struct BuiltModel {
  std::vector<ValueId> inputs;  // in the order of the model's inputs; values of the same names
  ValueId output = kNoValue;
  std::vector<BuiltLayer> layers;  // in the order of the graph; nodes carry the same names
};

// Appends the model to `graph`. Parameters and states are added in the order of the layers, the same for training and
// inference, so that one arena serves both.
//
// Names: a layer's full name is its composites' and its own joined by '/'; a residual's shortcut and the branches of
// branches add "shortcut" and "branch1", "branch2", ... (own names: AssignNames). An input is looked up among the
// layers above in the same list, then in the enclosing lists, then among the model's inputs; "block1/conv" reaches into
// a composite. The last copy of a repeated layer also has the name without a number.
// Without `input` a layer reads the layer above; the first of a composite reads what the composite reads, the first of
// the model all of the model's inputs.
//
// The error has one line per problem: location, path, layer, what was expected and what was found. A layer or input
// that nothing uses is an error. After an error the graph is of no use.
absl::StatusOr<BuiltModel> BuildModel(const Model& model, const BuildOptions& options, Graph* graph);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_MODEL_BUILDER_H_
