#include "core/ops/op_case.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/append_gradients.h"
#include "core/ops/convolution.h"
#include "core/ops/elementwise.h"
#include "core/ops/operator_testing.h"
#include "core/ops/reference_access.h"
#include "core/ops/structure.h"
#include "core/random.h"

namespace espalier {
namespace {

// Outputs nearer than this to the kink of a fused ReLU get no gradient. It exceeds what the largest step of the finite
// differences, 1/32, times the cases' largest slope can move an output.
constexpr float kKinkMargin = 0.15f;

void FillTensor(const CaseInput& input, Random* random, const Tensor& tensor) {
  if (input.fill == Fill::kIntegers) {
    const int32_t low = static_cast<int32_t>(input.low);
    for (int32_t& value : tensor.span<int32_t>()) {
      value = low + static_cast<int32_t>(random->Below(static_cast<uint32_t>(input.high - input.low)));
    }
    return;
  }
  const FloatElements elements(tensor);
  const uint32_t order = random->NextBits();
  for (int64_t i = 0; i < elements.size(); ++i) {
    float value = random->Uniform(input.low, input.high);
    if (input.fill == Fill::kAwayFromZero) value += std::copysign(0.1f, value);
    if (input.fill == Fill::kTies) value = static_cast<float>(random->Below(4)) - 2;
    if (input.fill == Fill::kDistinct) {
      const auto rank = static_cast<int64_t>(PermutedIndex(i, elements.size(), order, "op_case", 0));
      value = static_cast<float>(rank - elements.size() / 2) / 8;
    }
    elements.Set(i, value);
  }
}

// Magnitudes in [0.5, 1) of either sign, but 0 where a fused ReLU has its kink.
void FillProjection(const OpCase& op_case, int output, const std::vector<Tensor>& inputs, Random* random,
                    const Tensor& projection) {
  const FloatElements elements(projection);
  for (int64_t i = 0; i < elements.size(); ++i) {
    const float magnitude = random->Uniform(0.5f, 1);
    elements.Set(i, random->Below(2) == 0 ? magnitude : -magnitude);
  }
  if (op_case.before_relu == nullptr || output != 0) return;
  const Tensor unclipped = RunReference(*op_case.before_relu, inputs)[0];
  const FloatElements values(unclipped);
  for (int64_t i = 0; i < elements.size(); ++i) {
    if (std::abs(values[i]) < kKinkMargin) elements.Set(i, 0);
  }
}

// `value` behind an identity convolution, when there are to be such surroundings and it has an image's shape.
ValueId Surround(Surroundings surroundings, absl::string_view name, ValueId value, Graph* graph) {
  const TensorType type = graph->type(value);
  if (surroundings == Surroundings::kNothing || !IsFloat(type.dtype) || type.shape.rank() != 4) return value;
  const int64_t channels = type.shape[1];
  const ValueId identity = graph->AddInput(absl::StrCat("identity_", name), {type.dtype, {channels, channels, 1, 1}});
  return graph->Add1(std::make_shared<ConvolutionOp>(ConvolutionAttributes()), {value, identity}).value();
}

void FillIdentity(const Tensor& weights) {
  const FloatElements elements(weights);
  const int64_t channels = weights.shape()[0];
  for (int64_t c = 0; c < channels; ++c) elements.Set(c * channels + c, 1);
}

struct OperatorValues {
  std::vector<ValueId> inputs, outputs;
};

OperatorValues AddOperator(const OpCase& op_case, Surroundings surroundings, Graph* graph) {
  OperatorValues values;
  std::vector<ValueId> surrounded;
  for (size_t i = 0; i < op_case.inputs.size(); ++i) {
    const std::string name = absl::StrCat("input", i);
    values.inputs.push_back(graph->AddInput(name, op_case.inputs[i].type));
    surrounded.push_back(Surround(surroundings, name, values.inputs[i], graph));
  }
  graph->SetLayer(std::string(kCaseLayer));
  const absl::StatusOr<std::vector<ValueId>> outputs = graph->Add(op_case.op, surrounded);
  graph->SetLayer("");
  CHECK(outputs.ok()) << op_case.name << ": " << outputs.status();
  for (size_t i = 0; i < outputs->size(); ++i) {
    const std::string name = absl::StrCat("output", i);
    values.outputs.push_back(Surround(surroundings, name, (*outputs)[i], graph));
    if (IsFloat(graph->type(values.outputs[i]).dtype)) graph->SetOutput(name, values.outputs[i]);
  }
  return values;
}

// The sum of projection * output over all elements.
ValueId AddProjection(int index, ValueId output, Graph* graph) {
  const TensorType type = graph->type(output);
  const ValueId projection = graph->AddInput(absl::StrCat("projection", index), type);
  const ValueId product = graph->Add1(std::make_shared<MultiplyOp>(), {output, projection}).value();
  std::vector<int> axes(type.shape.rank());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int>(i);
  return graph->Add1(std::make_shared<ReduceOp>(Reduction::kSum, axes), {product}).value();
}

}  // namespace

bool OpCase::differentiable() const {
  for (const CaseInput& input : inputs) {
    if (input.differentiate) return true;
  }
  return false;
}

bool OpCase::any_float() const {
  for (const CaseInput& input : inputs) {
    if (input.any_float) return true;
  }
  return false;
}

std::vector<TensorType> OpCase::input_types() const {
  std::vector<TensorType> types;
  for (const CaseInput& input : inputs) types.push_back(input.type);
  return types;
}

void PrintTo(const OpCase& op_case, std::ostream* out) { *out << op_case.name; }

OpCase WithDType(OpCase op_case, DType dtype) {
  for (CaseInput& input : op_case.inputs) {
    if (input.any_float) input.type.dtype = dtype;
  }
  return op_case;
}

Graph ForwardGraph(const OpCase& op_case, Surroundings surroundings) {
  Graph graph;
  AddOperator(op_case, surroundings, &graph);
  return graph;
}

Graph BackwardGraph(const OpCase& op_case, Surroundings surroundings) {
  Graph graph;
  const OperatorValues values = AddOperator(op_case, surroundings, &graph);
  ValueId loss = kNoValue;
  for (int index : op_case.projected_outputs) {
    const ValueId term = AddProjection(index, values.outputs[index], &graph);
    loss = loss == kNoValue ? term : graph.Add1(std::make_shared<AddOp>(), {loss, term}).value();
  }
  const ValueId seed = graph.AddInput("seed", graph.type(loss));
  std::vector<ValueId> targets;
  for (size_t i = 0; i < values.inputs.size(); ++i) {
    if (op_case.inputs[i].differentiate) targets.push_back(values.inputs[i]);
  }
  const absl::StatusOr<std::vector<ValueId>> gradients = AppendGradients(&graph, loss, seed, targets);
  CHECK(gradients.ok()) << op_case.name << ": " << gradients.status();
  for (size_t i = 0, next = 0; i < values.inputs.size(); ++i) {
    if (!op_case.inputs[i].differentiate) continue;
    CHECK_NE((*gradients)[next], kNoValue) << op_case.name << ": no gradient of input " << i;
    graph.SetOutput(absl::StrCat("gradient", i), (*gradients)[next++]);
  }
  return graph;
}

std::map<std::string, Tensor> CaseTensors(const OpCase& op_case, const Graph& graph) {
  std::map<std::string, Tensor> tensors;
  for (ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    tensors[value.name] = Tensor(value.type.dtype, value.type.shape);
    if (absl::StartsWith(value.name, "identity_")) FillIdentity(tensors[value.name]);
  }
  Random random(1, op_case.name, 0, 0);
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < op_case.inputs.size(); ++i) {
    inputs.push_back(tensors.at(absl::StrCat("input", i)));
    FillTensor(op_case.inputs[i], &random, inputs[i]);
  }
  if (graph.input("seed") == kNoValue) return tensors;
  for (int index : op_case.projected_outputs) {
    FillProjection(op_case, index, inputs, &random, tensors.at(absl::StrCat("projection", index)));
  }
  StoreFloats({1.0f}, tensors.at("seed"));
  return tensors;
}

CaseInput Data(Shape shape, Fill fill, float low, float high) { return {{DType::kF32, shape}, fill, low, high}; }

CaseInput F32Only(Shape shape, float low, float high) {
  return {{DType::kF32, shape}, Fill::kUniform, low, high, true, false};
}

CaseInput Integers(Shape shape, int low, int high) {
  return {{DType::kS32, shape}, Fill::kIntegers, static_cast<float>(low), static_cast<float>(high), false, false};
}

CaseInput Constant(CaseInput input) {
  input.differentiate = false;
  return input;
}

OpCase Large(OpCase op_case) {
  op_case.large = true;
  return op_case;
}

}  // namespace espalier
