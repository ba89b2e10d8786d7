// A pass builds a new graph from an old one: nodes are copied, replaced or left out in their order.
#ifndef ESPALIER_CORE_REWRITER_H_
#define ESPALIER_CORE_REWRITER_H_

#include <vector>

#include "core/graph.h"

namespace espalier {

class GraphRewriter {
 public:
  // Starts the new graph with the old one's inputs, parameters and states, in their order.
  explicit GraphRewriter(const Graph& from);

  Graph& graph() { return graph_; }
  // What an old value has become.
  ValueId Map(ValueId old) const {
    CHECK_NE(map_[old], kNoValue) << "value " << old << " was left out";
    return map_[old];
  }
  void SetMap(ValueId old, ValueId now) { map_[old] = now; }

  // Appends an operator under the layer name and direction of an old node.
  absl::StatusOr<std::vector<ValueId>> Emit(const Node& like, OperatorPtr op, std::vector<ValueId> inputs);
  // Copies a node with mapped inputs and maps its outputs.
  absl::Status Copy(const Node& node);

  // Sets outputs, state updates and gradients as the old graph has them.
  Graph Finish();

 private:
  const Graph& from_;
  Graph graph_;
  std::vector<ValueId> map_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_REWRITER_H_
