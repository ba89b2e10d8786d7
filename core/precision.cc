#include "core/precision.h"

#include <map>

#include "core/ops/batch_norm.h"
#include "core/ops/convolution.h"
#include "core/ops/elementwise.h"
#include "core/ops/loss.h"
#include "core/ops/matmul.h"
#include "core/ops/round.h"
#include "core/rewriter.h"

namespace espalier {
namespace {

class PrecisionPass {
 public:
  PrecisionPass(const Graph& graph, const PrecisionOptions& options)
      : graph_(graph),
        narrow_(options.compute == ComputePrecision::kBF16 ? DType::kBF16 : DType::kF16),
        native_(options.native),
        rewriter_(graph) {}

  absl::StatusOr<Graph> Run() {
    for (const Node& node : graph_.nodes()) {
      const Operator* op = node.op.get();
      if (dynamic_cast<const ConvolutionOp*>(op) != nullptr || dynamic_cast<const MatMulOp*>(op) != nullptr) {
        RETURN_IF_ERROR(EmitProduct(node));
      } else {
        RETURN_IF_ERROR(EmitOther(node));
      }
    }
    // What leaves the graph is f32, as without the pass.
    for (const auto& [name, id] : graph_.outputs()) {
      if (graph_.type(id).dtype != DType::kF32) continue;
      ASSIGN_OR_RETURN(const ValueId wide, Cast(LikeProducer(id), rewriter_.Map(id), DType::kF32));
      rewriter_.SetMap(id, wide);
    }
    return rewriter_.Finish();
  }

 private:
  const Node& LikeProducer(ValueId id) const {
    static const Node* const kNone = new Node();
    return graph_.value(id).producer < 0 ? *kNone : graph_.node(graph_.value(id).producer);
  }

  absl::StatusOr<ValueId> Cast(const Node& like, ValueId id, DType dtype) {
    if (rewriter_.graph().type(id).dtype == dtype) return id;
    if (const auto it = casts_.find({id, dtype}); it != casts_.end()) return it->second;
    ASSIGN_OR_RETURN(const std::vector<ValueId> cast, rewriter_.Emit(like, std::make_shared<CastOp>(dtype), {id}));
    casts_[{id, dtype}] = cast[0];
    return cast[0];
  }

  // A convolution or matrix product: activations and weights narrow, bias f32, output narrow.
  absl::Status EmitProduct(const Node& node) {
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      ValueId id = rewriter_.Map(node.inputs[i]);
      if (i < 2 && native_) {
        ASSIGN_OR_RETURN(id, Cast(node, id, narrow_));
      } else if (i < 2) {
        ASSIGN_OR_RETURN(id, Rounded(node, id));
      }
      inputs.push_back(id);
    }
    ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, rewriter_.Emit(node, node.op, std::move(inputs)));
    ASSIGN_OR_RETURN(const ValueId narrow, Cast(node, outputs[0], narrow_));
    rewriter_.SetMap(node.outputs[0], narrow);
    return absl::OkStatus();
  }

  // The f32 values of `id` on the narrow grid.
  absl::StatusOr<ValueId> Rounded(const Node& node, ValueId id) {
    if (rewriter_.graph().type(id).dtype == narrow_) return Cast(node, id, DType::kF32);
    if (const auto it = casts_.find({id, narrow_}); it != casts_.end()) return it->second;
    ASSIGN_OR_RETURN(const std::vector<ValueId> rounded,
                     rewriter_.Emit(node, std::make_shared<RoundOp>(narrow_), {id}));
    casts_[{id, narrow_}] = rounded[0];
    return rounded[0];
  }

  // Any other operator keeps the type that its input has, except that softmax, losses and counts are f32.
  absl::Status EmitOther(const Node& node) {
    const Operator* op = node.op.get();
    const bool wide =
        dynamic_cast<const SoftmaxOp*>(op) != nullptr || dynamic_cast<const SoftmaxCrossEntropyOp*>(op) != nullptr ||
        dynamic_cast<const MeanSquaredErrorOp*>(op) != nullptr || dynamic_cast<const CountCorrectOp*>(op) != nullptr;
    const bool norm = dynamic_cast<const BatchNormTrainOp*>(op) != nullptr ||
                      dynamic_cast<const BatchNormInferenceOp*>(op) != nullptr;
    bool any_narrow = false;
    for (ValueId id : node.inputs)
      any_narrow = any_narrow || rewriter_.graph().type(rewriter_.Map(id)).dtype == narrow_;
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      ValueId id = rewriter_.Map(node.inputs[i]);
      const bool is_float = graph_.type(node.inputs[i]).dtype == DType::kF32;
      const bool statistics = norm && graph_.type(node.inputs[i]).shape.rank() == 1;
      const bool scalar = graph_.type(node.inputs[i]).shape.rank() == 0;
      if (is_float && !statistics && !scalar) {
        ASSIGN_OR_RETURN(id, Cast(node, id, any_narrow && !wide ? narrow_ : DType::kF32));
      }
      inputs.push_back(id);
    }
    ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, rewriter_.Emit(node, node.op, std::move(inputs)));
    for (size_t i = 0; i < outputs.size(); ++i) rewriter_.SetMap(node.outputs[i], outputs[i]);
    return absl::OkStatus();
  }

  const Graph& graph_;
  const DType narrow_;
  const bool native_;
  GraphRewriter rewriter_;
  std::map<std::pair<ValueId, DType>, ValueId> casts_;
};

}  // namespace

absl::StatusOr<Graph> ApplyPrecision(const Graph& graph, const PrecisionOptions& options) {
  if (options.compute == ComputePrecision::kF32) return graph;
  return PrecisionPass(graph, options).Run();
}

}  // namespace espalier
