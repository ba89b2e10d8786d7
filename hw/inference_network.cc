#include "hw/inference_network.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/ops/batch_norm.h"
#include "core/ops/elementwise.h"
#include "core/ops/loss.h"
#include "core/ops/matmul.h"
#include "core/ops/structure.h"
#include "layers/model_builder.h"

namespace espalier {
namespace {

template <typename Op>
const Op* As(const Node& node) {
  return dynamic_cast<const Op*>(node.op.get());
}

bool IsRelu(const Node& node) {
  const auto* op = As<ActivationOp>(node);
  return op != nullptr && op->function() == Activation::kRelu;
}

class LayerFinder {
 public:
  explicit LayerFinder(InferenceNetwork* network)
      : network_(*network), graph_(network->graph), consumers_(graph_.Consumers()) {
    for (ValueId id = 0; id < static_cast<ValueId>(graph_.values().size()); ++id) origin_.push_back(id);
    absorbed_.assign(graph_.nodes().size(), false);
  }

  absl::Status Run() {
    for (int index = 0; index < static_cast<int>(graph_.nodes().size()); ++index) {
      if (!absorbed_[index]) RETURN_IF_ERROR(Visit(graph_.node(index)));
    }
    network_.output = origin_[network_.output];
    return absl::OkStatus();
  }

 private:
  absl::Status Visit(const Node& node) {
    if (As<ReshapeOp>(node) != nullptr) return VisitReshape(node);
    if (As<SoftmaxOp>(node) != nullptr && node.outputs[0] == network_.output) {
      origin_[node.outputs[0]] = origin_[node.inputs[0]];
      return absl::OkStatus();
    }
    InferenceLayer layer;
    layer.name = node.layer;
    layer.output = node.outputs[0];
    ASSIGN_OR_RETURN(const int activations, Classify(node, &layer));
    for (int i = 0; i < activations; ++i) {
      layer.inputs.push_back(origin_[node.inputs[i]]);
      layer.input_shapes.push_back(network_.SampleShape(node.inputs[i]));
      if (graph_.value(layer.inputs.back()).kind == ValueKind::kParameter) {
        return Unsupported(node, "a parameter as an activation");
      }
    }
    AbsorbFollowers(&layer);
    network_.layers.push_back(std::move(layer));
    return absl::OkStatus();
  }

  // Another shape of the same elements, as long as samples stay apart.
  absl::Status VisitReshape(const Node& node) {
    const Shape& from = graph_.type(node.inputs[0]).shape;
    const Shape& to = graph_.type(node.outputs[0]).shape;
    if (to.rank() == 0 || to[0] != from[0]) return Unsupported(node, "a reshape that mixes samples");
    origin_[node.outputs[0]] = origin_[node.inputs[0]];
    return absl::OkStatus();
  }

  // Fills in what the node's operator says. Returns how many of its inputs are activations.
  absl::StatusOr<int> Classify(const Node& node, InferenceLayer* layer) const {
    if (const auto* op = As<ConvolutionOp>(node)) {
      layer->kind = InferenceKind::kConvolution;
      layer->convolution = op->attributes();
      layer->relu = op->relu();
      return Weighted(node, layer);
    }
    if (const auto* op = As<MatMulOp>(node); op != nullptr && !op->transpose_a() && op->transpose_b()) {
      layer->kind = InferenceKind::kDense;
      layer->relu = op->relu();
      return Weighted(node, layer);
    }
    if (const auto* op = As<PoolOp>(node)) {
      layer->kind = op->attributes().max ? InferenceKind::kMaxPool : InferenceKind::kAveragePool;
      layer->pool = op->attributes();
      return 1;
    }
    if (const auto* op = As<ReduceOp>(node);
        op != nullptr && op->reduction() == Reduction::kMean && op->axes() == std::vector<int>{2, 3}) {
      layer->kind = InferenceKind::kAveragePool;
      const Shape& input = graph_.type(node.inputs[0]).shape;
      layer->pool.max = false;
      layer->pool.kernel_h = layer->pool.stride_h = input[2];
      layer->pool.kernel_w = layer->pool.stride_w = input[3];
      return 1;
    }
    if (const auto* op = As<AddOp>(node)) {
      layer->kind = InferenceKind::kAdd;
      layer->relu = op->relu();
      return 2;
    }
    if (const auto* op = As<ConcatOp>(node)) {
      layer->kind = InferenceKind::kConcat;
      layer->axis = op->axis();
      return static_cast<int>(node.inputs.size());
    }
    if (IsRelu(node)) {
      layer->kind = InferenceKind::kRelu;
      layer->relu = true;
      return 1;
    }
    return Unsupported(node, node.op->kind());
  }

  absl::StatusOr<int> Weighted(const Node& node, InferenceLayer* layer) const {
    if (graph_.value(node.inputs[1]).kind != ValueKind::kParameter) {
      return Unsupported(node, "weights that are no parameter");
    }
    layer->weight = node.inputs[1];
    if (node.inputs.size() > 2) layer->bias = node.inputs[2];
    return 1;
  }

  // Takes in the batch norm and the rectifier that alone read the layer's output.
  void AbsorbFollowers(InferenceLayer* layer) {
    const bool weighted = layer->weight != kNoValue;
    while (!layer->relu && layer->output != network_.output && consumers_[layer->output].size() == 1) {
      const int index = consumers_[layer->output][0];
      const Node& node = graph_.node(index);
      const auto* norm = As<BatchNormInferenceOp>(node);
      if (norm != nullptr && weighted && layer->scale == kNoValue && node.inputs.size() == 5) {
        layer->scale = node.inputs[1];
        layer->shift = node.inputs[2];
        layer->mean = node.inputs[3];
        layer->variance = node.inputs[4];
        layer->epsilon = norm->epsilon();
        layer->relu = norm->relu();
      } else if (IsRelu(node)) {
        layer->relu = true;
      } else {
        return;
      }
      absorbed_[index] = true;
      layer->output = node.outputs[0];
    }
  }

  static absl::Status Unsupported(const Node& node, absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("layer \"", node.layer,
                     "\": expected what accelerators do in integers (conv or dense with its "
                     "batch_norm and relu, pool, global_average_pool, add, concat, relu, reshape, flatten, and softmax "
                     "at the end), found ",
                     what));
  }

  InferenceNetwork& network_;
  const Graph& graph_;
  const std::vector<std::vector<int>> consumers_;
  std::vector<ValueId> origin_;  // by value: the activation whose elements it has
  std::vector<bool> absorbed_;   // by node
};

}  // namespace

absl::string_view Name(InferenceKind kind) {
  switch (kind) {
    case InferenceKind::kConvolution:
      return "convolution";
    case InferenceKind::kDense:
      return "dense";
    case InferenceKind::kMaxPool:
      return "max pool";
    case InferenceKind::kAveragePool:
      return "average pool";
    case InferenceKind::kAdd:
      return "add";
    case InferenceKind::kConcat:
      return "concat";
    case InferenceKind::kRelu:
      return "relu";
  }
  return "";
}

std::vector<ValueId> InferenceNetwork::Activations() const {
  std::vector<ValueId> activations = {input};
  for (const InferenceLayer& layer : layers) activations.push_back(layer.output);
  return activations;
}

std::string InferenceNetwork::ActivationName(ValueId activation) const {
  const Value& value = graph.value(activation);
  return value.producer < 0 ? value.name : graph.node(value.producer).layer;
}

Shape InferenceNetwork::SampleShape(ValueId value) const { return Shape(graph.type(value).shape.dims().subspan(1)); }

absl::StatusOr<InferenceNetwork> BuildInferenceNetwork(const Model& model, int64_t batch_size) {
  InferenceNetwork network;
  BuildOptions options;
  options.batch_size = batch_size;
  options.path = "model";
  ASSIGN_OR_RETURN(const BuiltModel built, BuildModel(model, options, &network.graph));
  if (built.inputs.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: expected one input for a network in integers, found ", built.inputs.size()));
  }
  network.input = built.inputs[0];
  network.output = built.output;
  const Shape& logits = network.graph.type(network.output).shape;
  if (logits.rank() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: expected logits [batch, classes] as output, found ", logits.ToString()));
  }
  RETURN_IF_ERROR(LayerFinder(&network).Run());
  return network;
}

}  // namespace espalier
