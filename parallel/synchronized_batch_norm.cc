#include "parallel/synchronized_batch_norm.h"

#include <memory>
#include <set>
#include <vector>

#include "core/ops/batch_norm.h"
#include "core/rewriter.h"

namespace espalier {
namespace {

// n / (n - 1) with the n elements that a channel of `x` has on all ranks. Each row brings as many.
float Correction(const Shape& x, int64_t own_rows, int64_t global_rows) {
  const int64_t per_row = x.elements() / x[1] / own_rows;
  const double count = static_cast<double>(per_row * global_rows);
  return count > 1 ? static_cast<float>(count / (count - 1)) : 1;
}

}  // namespace

absl::StatusOr<Graph> SynchronizeBatchNorms(const Graph& graph, int64_t own_rows, int64_t global_rows) {
  GraphRewriter rewriter(graph);
  std::set<ValueId> variances;
  for (const Node& node : graph.nodes()) {
    OperatorPtr op = node.op;
    if (const auto* norm = dynamic_cast<const BatchNormTrainOp*>(op.get())) {
      op = std::make_shared<BatchNormTrainOp>(norm->epsilon(), norm->relu(), /*synchronized=*/true);
      variances.insert(node.outputs[2]);
    } else if (const auto* average = dynamic_cast<const MovingAverageOp*>(op.get());
               average != nullptr && variances.count(node.inputs[1]) > 0) {
      const Node& norm = graph.node(graph.value(node.inputs[1]).producer);
      op = std::make_shared<MovingAverageOp>(average->momentum(),
                                             Correction(graph.type(norm.inputs[0]).shape, own_rows, global_rows));
    }
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) inputs.push_back(rewriter.Map(id));
    ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, rewriter.Emit(node, std::move(op), std::move(inputs)));
    for (size_t i = 0; i < outputs.size(); ++i) rewriter.SetMap(node.outputs[i], outputs[i]);
  }
  return rewriter.Finish();
}

}  // namespace espalier
