#include "core/fusion.h"

#include <algorithm>
#include <map>

#include "core/ops/batch_norm.h"
#include "core/ops/convolution.h"
#include "core/ops/elementwise.h"
#include "core/ops/matmul.h"
#include "core/rewriter.h"

namespace espalier {
namespace {

// What follows a node and is taken into it.
struct Chain {
  int add = -1;   // node of an element-wise sum
  int relu = -1;  // node of a ReLU
  ValueId residual = kNoValue;
  bool empty() const { return add < 0 && relu < 0; }
};

class Fuser {
 public:
  explicit Fuser(const Graph& graph) : graph_(graph), consumers_(graph.Consumers()), rewriter_(graph) {
    is_output_.assign(graph.values().size(), false);
    for (const auto& [name, id] : graph.outputs()) is_output_[id] = true;
    for (const State& state : graph.states()) {
      if (state.update != kNoValue) is_output_[state.update] = true;
    }
  }

  absl::StatusOr<Graph> Run() {
    const int count = static_cast<int>(graph_.nodes().size());
    std::map<int, Chain> chains;
    std::vector<bool> absorbed(count, false);
    const auto find = [&](bool norms) {
      for (int index = count - 1; index >= 0; --index) {
        if (IsNorm(index) != norms) continue;
        const Chain chain = FindChain(index, absorbed);
        if (chain.empty()) continue;
        chains[index] = chain;
        if (chain.add >= 0) absorbed[chain.add] = true;
        if (chain.relu >= 0) absorbed[chain.relu] = true;
      }
    };
    // Batch norms first: they take a sum and its ReLU together. From the end: of two that meet in a sum, the later one
    // sees the other's output as its residual.
    find(true);
    find(false);
    for (int index = 0; index < count; ++index) {
      if (absorbed[index]) continue;
      const auto it = chains.find(index);
      if (it == chains.end()) {
        RETURN_IF_ERROR(rewriter_.Copy(graph_.node(index)));
      } else {
        RETURN_IF_ERROR(EmitFused(graph_.node(index), it->second));
      }
    }
    return rewriter_.Finish();
  }

 private:
  // The only reader of a node's first output, or -1.
  int OnlyReader(int index) const {
    const ValueId output = graph_.node(index).outputs[0];
    if (is_output_[output] || consumers_[output].size() != 1) return -1;
    const Node& reader = graph_.node(consumers_[output][0]);
    return std::count(reader.inputs.begin(), reader.inputs.end(), output) == 1 ? consumers_[output][0] : -1;
  }

  bool IsNorm(int index) const {
    const Operator* op = graph_.node(index).op.get();
    return dynamic_cast<const BatchNormTrainOp*>(op) != nullptr ||
           dynamic_cast<const BatchNormInferenceOp*>(op) != nullptr;
  }

  bool IsRelu(int index) const {
    const auto* op = index < 0 ? nullptr : dynamic_cast<const ActivationOp*>(graph_.node(index).op.get());
    return op != nullptr && op->function() == Activation::kRelu;
  }

  bool IsPlainAdd(int index) const {
    const auto* op = index < 0 ? nullptr : dynamic_cast<const AddOp*>(graph_.node(index).op.get());
    return op != nullptr && !op->relu();
  }

  Chain FindChain(int index, const std::vector<bool>& absorbed) const {
    Chain chain;
    const Operator* op = graph_.node(index).op.get();
    const bool norm = IsNorm(index);
    const bool product = dynamic_cast<const ConvolutionOp*>(op) || dynamic_cast<const MatMulOp*>(op);
    if (absorbed[index] || (!norm && !product && !IsPlainAdd(index))) return chain;
    int reader = OnlyReader(index);
    if (norm && IsPlainAdd(reader) && !absorbed[reader]) {
      const Node& add = graph_.node(reader);
      const ValueId other = add.inputs[0] == graph_.node(index).outputs[0] ? add.inputs[1] : add.inputs[0];
      if (graph_.value(other).producer < index) {
        chain.add = reader;
        chain.residual = other;
        reader = OnlyReader(reader);
      }
    }
    if (IsRelu(reader) && !absorbed[reader]) chain.relu = reader;
    return chain;
  }

  OperatorPtr FusedOperator(const Operator& op, bool relu) const {
    if (const auto* train = dynamic_cast<const BatchNormTrainOp*>(&op)) {
      return std::make_shared<BatchNormTrainOp>(train->epsilon(), relu, train->synchronized());
    }
    if (const auto* inference = dynamic_cast<const BatchNormInferenceOp*>(&op)) {
      return std::make_shared<BatchNormInferenceOp>(inference->epsilon(), relu);
    }
    if (const auto* convolution = dynamic_cast<const ConvolutionOp*>(&op)) {
      return std::make_shared<ConvolutionOp>(convolution->attributes(), relu);
    }
    if (const auto* product = dynamic_cast<const MatMulOp*>(&op)) {
      return std::make_shared<MatMulOp>(product->transpose_a(), product->transpose_b(), relu, product->f32_output());
    }
    return std::make_shared<AddOp>(relu);
  }

  absl::Status EmitFused(const Node& node, const Chain& chain) {
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) inputs.push_back(rewriter_.Map(id));
    if (chain.residual != kNoValue) inputs.push_back(rewriter_.Map(chain.residual));
    ASSIGN_OR_RETURN(const std::vector<ValueId> outputs,
                     rewriter_.Emit(node, FusedOperator(*node.op, chain.relu >= 0), std::move(inputs)));
    for (size_t i = 0; i < outputs.size(); ++i) rewriter_.SetMap(node.outputs[i], outputs[i]);
    if (chain.add >= 0) rewriter_.SetMap(graph_.node(chain.add).outputs[0], outputs[0]);
    if (chain.relu >= 0) rewriter_.SetMap(graph_.node(chain.relu).outputs[0], outputs[0]);
    return absl::OkStatus();
  }

  const Graph& graph_;
  std::vector<std::vector<int>> consumers_;
  std::vector<bool> is_output_;
  GraphRewriter rewriter_;
};

}  // namespace

absl::StatusOr<Graph> FuseOperators(const Graph& graph) { return Fuser(graph).Run(); }

}  // namespace espalier
