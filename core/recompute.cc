#include "core/recompute.h"

#include <map>

#include "core/ops/elementwise.h"
#include "core/ops/round.h"
#include "core/rewriter.h"

namespace espalier {
namespace {

bool IsCheapCopy(const Graph& graph, const Node& node) {
  if (node.backward) return false;
  if (dynamic_cast<const CastOp*>(node.op.get()) == nullptr && dynamic_cast<const RoundOp*>(node.op.get()) == nullptr) {
    return false;
  }
  const Value& source = graph.value(node.inputs[0]);
  return source.kind != ValueKind::kComputed || source.type.bytes() < graph.type(node.outputs[0]).bytes();
}

}  // namespace

absl::StatusOr<Graph> RecomputeCasts(const Graph& graph) {
  GraphRewriter rewriter(graph);
  std::map<ValueId, ValueId> made_again;
  for (const Node& node : graph.nodes()) {
    if (!node.backward) {
      RETURN_IF_ERROR(rewriter.Copy(node));
      continue;
    }
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) {
      const int producer = graph.value(id).producer;
      if (producer >= 0 && IsCheapCopy(graph, graph.node(producer))) {
        if (made_again.count(id) == 0) {
          const Node& copy = graph.node(producer);
          ASSIGN_OR_RETURN(const std::vector<ValueId> outputs,
                           rewriter.Emit(node, copy.op, {rewriter.Map(copy.inputs[0])}));
          made_again[id] = outputs[0];
        }
        inputs.push_back(made_again[id]);
      } else {
        inputs.push_back(rewriter.Map(id));
      }
    }
    ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, rewriter.Emit(node, node.op, std::move(inputs)));
    for (size_t i = 0; i < outputs.size(); ++i) rewriter.SetMap(node.outputs[i], outputs[i]);
  }
  return rewriter.Finish();
}

}  // namespace espalier
