// The graphs that training and evaluation run: the model, the loss and the counts that metrics need. Passes (precision,
// fusion, gradients) come after.
#ifndef ESPALIER_LAYERS_TRAINING_GRAPH_H_
#define ESPALIER_LAYERS_TRAINING_GRAPH_H_

#include "core/graph.h"
#include "layers/model_builder.h"
#include "proto/job.pb.h"

namespace espalier {

// The graph's input with the class of each sample, s32 [batch]; -1 marks a padding row, which counts nowhere.
inline constexpr absl::string_view kLabel = "label";

// Appends the model and the loss on its output, the logits [batch, classes]. Inputs: the model's, kLabel, and
// kSampleIds where a layer draws per sample in training. Outputs:
//   "logits"  the model's output
//   "loss"    f32 scalar: the SUM over samples, without weight decay
//   "counts"  f32 [3]: labelled rows, top-1 right, top-5 right (CountCorrectOp)
// With options.training off this is the evaluation graph: the same parameters and states in the same order.
absl::StatusOr<BuiltModel> BuildLossGraph(const Model& model, const Loss& loss, const BuildOptions& options,
                                          Graph* graph);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_TRAINING_GRAPH_H_
