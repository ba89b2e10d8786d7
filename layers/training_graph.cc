#include "layers/training_graph.h"

#include "absl/strings/str_cat.h"
#include "core/ops/loss.h"
#include "proto/diagnostics.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

// Losses apply to one row of scores a sample.
absl::Status CheckOutput(const BuiltModel& model, const Loss& loss, const BuildOptions& options, const Graph& graph) {
  const BuiltLayer* last = nullptr;
  for (const BuiltLayer& layer : model.layers) {
    if (layer.output == model.output) last = &layer;
  }
  const auto fail = [&](const std::string& problem) {
    const std::string path = FieldPath(options.path, last == nullptr ? "" : last->path);
    Diagnostics diagnostics;
    diagnostics.Add(options.sources == nullptr ? SourceLocation() : options.sources->Find(path), path,
                    absl::StrCat(last == nullptr ? "" : absl::StrCat("layer \"", last->name, "\": "), problem));
    return diagnostics.ToStatus();
  };
  const Shape& shape = graph.type(model.output).shape;
  if (shape.rank() != 2) {
    return fail(absl::StrCat("expected the model's output to be [batch, classes], found ", shape.ToString(),
                             "; end the model in flatten {} or global_average_pool {}, or in dense {}"));
  }
  if (last != nullptr && last->kind == "softmax" && !loss.has_mean_squared_error()) {
    return fail("expected the model to end in logits, found a softmax; the cross-entropy loss applies its own");
  }
  return absl::OkStatus();
}

absl::StatusOr<ValueId> AddLoss(const Loss& loss, ValueId logits, ValueId label, Graph* graph) {
  if (loss.has_mean_squared_error()) return graph->Add1(std::make_shared<MeanSquaredErrorOp>(), {logits, label});
  ASSIGN_OR_RETURN(
      const std::vector<ValueId> outputs,
      graph->Add(std::make_shared<SoftmaxCrossEntropyOp>(loss.cross_entropy().label_smoothing()), {logits, label}));
  return outputs[0];
}

}  // namespace

absl::StatusOr<BuiltModel> BuildLossGraph(const Model& model, const Loss& loss, const BuildOptions& options,
                                          Graph* graph) {
  for (const Input& input : model.input()) {
    if (input.name() == kLabel) return absl::InvalidArgumentError("the name label is the loss's; rename the input");
  }
  ASSIGN_OR_RETURN(const BuiltModel built, BuildModel(model, options, graph));
  RETURN_IF_ERROR(CheckOutput(built, loss, options, *graph));
  graph->SetLayer("loss");
  const ValueId label = graph->AddInput(std::string(kLabel), {DType::kS32, {options.batch_size}});
  ASSIGN_OR_RETURN(const ValueId sum, AddLoss(loss, built.output, label, graph));
  ASSIGN_OR_RETURN(const ValueId counts, graph->Add1(std::make_shared<CountCorrectOp>(), {built.output, label}));
  graph->SetOutput("logits", built.output);
  graph->SetOutput("loss", sum);
  graph->SetOutput("counts", counts);
  return built;
}

}  // namespace espalier
