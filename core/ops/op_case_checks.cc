#include "core/ops/op_case_checks.h"

#include <cxxabi.h>

#include <algorithm>
#include <cmath>
#include <typeinfo>

#include "absl/strings/str_cat.h"
#include "core/ops/convolution.h"
#include "core/ops/matmul.h"
#include "core/ops/operator_testing.h"
#include "core/ops/reference_access.h"
#include "core/random.h"
#include "core/reference_interpreter.h"

namespace espalier {
namespace {

// Finite differences use f(x +- kStep) and f(x +- 2 kStep); a power of two, so that x +- step is nearly exact.
constexpr float kStep = 1.0f / 64;
// Outputs are rounded to f32: 2^-24 |y| / kStep = 4e-6 |y| in each, some sqrt(outputs) of it in the sum; the formula's
// own error is kStep^4 / 30 = 2e-9 of the fifth derivative. Relative to the largest gradient of the input.
constexpr double kGradientTolerance = 5e-4;
constexpr int64_t kCheckedElements = 32;

std::vector<Tensor> InputsOf(const OpCase& op_case, const std::map<std::string, Tensor>& tensors) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < op_case.inputs.size(); ++i) inputs.push_back(tensors.at(absl::StrCat("input", i)));
  return inputs;
}

// The projected loss, summed in f64.
double Loss(const OpCase& op_case, const std::map<std::string, Tensor>& tensors) {
  const std::vector<Tensor> outputs =
      RunReference(op_case.smooth != nullptr ? *op_case.smooth : *op_case.op, InputsOf(op_case, tensors));
  double loss = 0;
  for (int index : op_case.projected_outputs) {
    const FloatElements output(outputs[index]), projection(tensors.at(absl::StrCat("projection", index)));
    for (int64_t i = 0; i < output.size(); ++i) loss += double{output[i]} * projection[i];
  }
  return loss;
}

// d loss / d input[element], by the five-point formula.
double Derivative(const OpCase& op_case, const std::map<std::string, Tensor>& tensors, const Tensor& input,
                  int64_t element) {
  float* x = input.data<float>() + element;
  const float center = *x;
  const auto loss_at = [&](float offset) {
    *x = center + offset;
    const double loss = Loss(op_case, tensors);
    *x = center;
    return loss;
  };
  return (8 * (loss_at(kStep) - loss_at(-kStep)) - (loss_at(2 * kStep) - loss_at(-2 * kStep))) / (12 * double{kStep});
}

absl::Status CheckInputGradient(const OpCase& op_case, const std::map<std::string, Tensor>& tensors, size_t index,
                                const Tensor& gradient) {
  const Tensor& input = tensors.at(absl::StrCat("input", index));
  double largest = 0;
  for (float value : LoadFloats(gradient)) largest = std::max(largest, std::abs(double{value}));
  if (largest == 0) return absl::InternalError(absl::StrCat(op_case.name, ": gradient of input ", index, " is zero"));
  const FloatElements found(gradient);
  const int64_t elements = input.elements(), count = std::min(elements, kCheckedElements);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t element = static_cast<int64_t>(PermutedIndex(i, elements, index, op_case.name, 0));
    const double expected = Derivative(op_case, tensors, input, element);
    if (!(std::abs(expected - found[element]) <= kGradientTolerance * largest)) {
      return absl::InternalError(absl::StrCat(op_case.name, ": gradient of input ", index, " at ", element, " of ",
                                              input.shape().ToString(), ": finite differences give ", expected,
                                              ", the gradient rule ", found[element], ", tolerance ",
                                              kGradientTolerance * largest));
    }
  }
  return absl::OkStatus();
}

// Counts the products of a convolution's full windows, one by one.
int64_t CountConvolution(const Shape& y, const Shape& weights) {
  int64_t count = 0;
  for (int64_t output = 0; output < y.elements(); ++output) {
    for (int64_t c = 0; c < weights[1]; ++c) {
      for (int64_t r = 0; r < weights[2]; ++r) count += weights[3];
    }
  }
  return count;
}

int64_t CountMatMul(const MatMulOp& op, const Shape& a, const Shape& b) {
  int64_t count = 0;
  for (int64_t row = 0; row < a[op.transpose_a() ? 1 : 0]; ++row) {
    for (int64_t column = 0; column < b[op.transpose_b() ? 0 : 1]; ++column) count += a[op.transpose_a() ? 0 : 1];
  }
  return count;
}

// The multiply-accumulates by the definition of the operator; 0 for all but convolutions and matrix products.
int64_t CountMacs(const Operator& op, const std::vector<TensorType>& inputs, const std::vector<TensorType>& outputs) {
  if (const auto* matmul = dynamic_cast<const MatMulOp*>(&op)) {
    return CountMatMul(*matmul, inputs[0].shape, inputs[1].shape);
  }
  if (op.kind() == "convolution") return CountConvolution(outputs[0].shape, inputs[1].shape);
  if (op.kind() == "convolution_backward_data") return CountConvolution(inputs[0].shape, inputs[1].shape);
  if (op.kind() == "convolution_backward_weights") return CountConvolution(inputs[1].shape, outputs[0].shape);
  return 0;
}

absl::Status CheckNodeCost(const std::string& where, const Operator& op, const std::vector<TensorType>& inputs,
                           const std::vector<TensorType>& outputs) {
  const Cost cost = op.CostOf(inputs, outputs);
  int64_t bytes = 0;
  for (const std::vector<TensorType>* types : {&inputs, &outputs}) {
    for (const TensorType& type : *types) bytes += type.shape.elements() * static_cast<int64_t>(SizeOf(type.dtype));
  }
  const int64_t macs = CountMacs(op, inputs, outputs);
  const auto error = [&](absl::string_view what, int64_t expected, int64_t found) {
    return absl::InternalError(
        absl::StrCat(where, ": ", op.kind(), " has ", expected, " ", what, ", its cost rule says ", found));
  };
  if (cost.bytes != bytes) return error("bytes", bytes, cost.bytes);
  if (cost.macs != macs) return error("multiply-accumulates", macs, cost.macs);
  if (cost.flops < 2 * macs) return error("or more operations", 2 * macs, cost.flops);
  return absl::OkStatus();
}

// Calls the rule, and the cost rule on what it accepts.
absl::Status TryTypes(const Operator& op, const std::vector<TensorType>& inputs) {
  const absl::StatusOr<std::vector<TensorType>> outputs = op.InferTypes(inputs);
  if (!outputs.ok()) {
    return outputs.status().message().empty() ? absl::InternalError("an error without a message") : absl::OkStatus();
  }
  const Cost cost = op.CostOf(inputs, *outputs);
  return cost.bytes >= 0 && cost.macs >= 0 ? absl::OkStatus() : absl::InternalError("a negative cost");
}

// `type` with each kind of damage.
std::vector<TensorType> Damaged(const TensorType& type) {
  std::vector<TensorType> variants = {
      {type.dtype, {}},         {type.dtype, {1}},         {type.dtype, {1, 1, 1, 1, 1, 1}}, {DType::kS32, type.shape},
      {DType::kU8, type.shape}, {DType::kF16, type.shape}, {DType::kF32, type.shape}};
  for (int axis = 0; axis < type.shape.rank(); ++axis) {
    for (int64_t dim : {int64_t{0}, int64_t{1}, type.shape[axis] + 1}) {
      variants.push_back(type);
      variants.back().shape[axis] = dim;
    }
  }
  return variants;
}

}  // namespace

absl::Status CheckGradient(const OpCase& op_case) {
  const Graph graph = BackwardGraph(op_case);
  const std::map<std::string, Tensor> tensors = CaseTensors(op_case, graph);
  ReferenceInterpreter interpreter(graph, 1);
  for (const auto& [name, tensor] : tensors) interpreter.Set(graph.input(name), tensor);
  interpreter.Run({});
  for (size_t i = 0; i < op_case.inputs.size(); ++i) {
    if (!op_case.inputs[i].differentiate) continue;
    RETURN_IF_ERROR(CheckInputGradient(op_case, tensors, i, interpreter.Output(absl::StrCat("gradient", i))));
  }
  return absl::OkStatus();
}

absl::Status CheckCost(const OpCase& op_case) {
  const Graph graph = op_case.differentiable() ? BackwardGraph(op_case) : ForwardGraph(op_case);
  for (const Node& node : graph.nodes()) {
    RETURN_IF_ERROR(CheckNodeCost(op_case.name, *node.op, graph.InputTypes(node), graph.OutputTypes(node)));
  }
  return absl::OkStatus();
}

absl::Status CheckShapeRule(const OpCase& op_case) {
  const std::vector<TensorType> types = op_case.input_types();
  if (op_case.op->InferTypes({}).ok()) return absl::InternalError(op_case.name + ": accepts no inputs at all");
  std::vector<std::vector<TensorType>> trials = {{}, {types[0]}, types};
  trials.back().push_back(types.back());
  for (size_t i = 0; i < types.size(); ++i) {
    for (const TensorType& damaged : Damaged(types[i])) {
      trials.push_back(types);
      trials.back()[i] = damaged;
    }
  }
  for (const std::vector<TensorType>& trial : trials) {
    if (const absl::Status status = TryTypes(*op_case.op, trial); !status.ok()) {
      std::string text;
      for (const TensorType& type : trial) absl::StrAppend(&text, " ", type.ToString());
      return absl::InternalError(absl::StrCat(op_case.name, ": ", status.message(), " for", text));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFusedRelu(const OpCase& op_case) {
  if (op_case.before_relu == nullptr) return absl::OkStatus();
  const std::vector<Tensor> inputs = InputsOf(op_case, CaseTensors(op_case, ForwardGraph(op_case)));
  const Tensor clipped_tensor = RunReference(*op_case.op, inputs)[0];
  const Tensor unclipped_tensor = RunReference(*op_case.before_relu, inputs)[0];
  const FloatElements clipped(clipped_tensor), unclipped(unclipped_tensor);
  for (int64_t i = 0; i < clipped.size(); ++i) {
    if (clipped[i] == std::max(unclipped[i], 0.0f)) continue;
    return absl::InternalError(
        absl::StrCat(op_case.name, ": output ", i, " is ", clipped[i], ", without ReLU ", unclipped[i]));
  }
  return absl::OkStatus();
}

std::string ClassName(const Operator& op) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(typeid(op).name(), nullptr, nullptr, &status);
  CHECK_EQ(status, 0);
  std::string name = demangled;
  std::free(demangled);
  return name.substr(name.rfind(':') + 1);
}

}  // namespace espalier
