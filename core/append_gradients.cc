#include "core/append_gradients.h"

#include "core/gradient.h"
#include "core/ops/elementwise.h"

namespace espalier {
namespace {

// Marks the values that depend on one of `targets`.
std::vector<bool> DependsOn(const Graph& graph, const std::vector<ValueId>& targets) {
  std::vector<bool> depends(graph.values().size(), false);
  for (ValueId id : targets) depends[id] = true;
  for (const Node& node : graph.nodes()) {
    bool any = false;
    for (ValueId id : node.inputs) any = any || depends[id];
    if (!any) continue;
    for (ValueId id : node.outputs) depends[id] = true;
  }
  return depends;
}

// a + b, in a's type.
ValueId Sum(GradientContext* context, ValueId a, ValueId b) {
  const DType dtype = context->type(a).dtype;
  if (context->type(b).dtype != dtype) b = context->Emit1(std::make_shared<CastOp>(dtype), {b});
  return context->Emit1(std::make_shared<AddOp>(), {a, b});
}

}  // namespace

absl::StatusOr<std::vector<ValueId>> AppendGradients(Graph* graph, ValueId loss, ValueId seed,
                                                     const std::vector<ValueId>& targets) {
  if (graph->type(loss).shape.elements() != 1 || graph->type(seed) != graph->type(loss)) {
    return absl::InvalidArgumentError("the loss and its seed gradient must be scalars of one type, got " +
                                      graph->type(loss).ToString() + " and " + graph->type(seed).ToString());
  }
  const std::vector<bool> depends = DependsOn(*graph, targets);
  std::vector<ValueId> gradient(graph->values().size(), kNoValue);
  gradient[loss] = seed;
  const int forward_nodes = static_cast<int>(graph->nodes().size());
  graph->SetBackward(true);
  for (int index = forward_nodes - 1; index >= 0; --index) {
    GradientContext context(graph, graph->node(index));
    bool reached = false;
    for (ValueId id : context.node_.outputs) {
      context.output_gradients_.push_back(gradient[id]);
      reached = reached || gradient[id] != kNoValue;
    }
    bool wanted = false;
    for (ValueId id : context.node_.inputs) {
      context.wanted_.push_back(depends[id]);
      wanted = wanted || depends[id];
    }
    if (!reached || !wanted) continue;
    context.input_gradients_.assign(context.node_.inputs.size(), kNoValue);
    graph->SetLayer(context.node_.layer);
    context.node_.op->Gradient(&context);
    for (size_t i = 0; i < context.node_.inputs.size(); ++i) {
      const ValueId id = context.node_.inputs[i];
      const ValueId contribution = context.input_gradients_[i];
      if (contribution == kNoValue || !depends[id]) continue;
      CHECK(graph->type(contribution).shape == graph->type(id).shape)
          << "gradient of " << context.node_.op->kind() << " input " << i << ": "
          << graph->type(contribution).ToString() << " for " << graph->type(id).ToString();
      gradient[id] = gradient[id] == kNoValue ? contribution : Sum(&context, gradient[id], contribution);
    }
  }
  graph->SetBackward(false);
  graph->SetLayer("");
  std::vector<ValueId> result;
  result.reserve(targets.size());
  for (ValueId id : targets) result.push_back(gradient[id]);
  return result;
}

absl::Status AppendParameterGradients(Graph* graph, ValueId loss, ValueId seed) {
  ASSIGN_OR_RETURN(std::vector<ValueId> gradients, AppendGradients(graph, loss, seed, graph->parameter_values()));
  graph->set_gradients(std::move(gradients));
  return absl::OkStatus();
}

}  // namespace espalier
