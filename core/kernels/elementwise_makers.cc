#include "core/kernels/elementwise_kernels.h"
#include "core/kernels/makers.h"
#include "core/ops/elementwise.h"
#include "core/ops/round.h"

namespace espalier {
namespace {

using BinaryKernel = void (*)(DType dtype, const void* a, const void* b, void* y, int64_t n);
using UnaryKernel = void (*)(DType dtype, const void* x, void* y, int64_t n);

KernelChoice Binary(const KernelRequest& request, BinaryKernel kernel) {
  return ElementwiseChoice(request, true,
                           [kernel, dtype = request.inputs[0].dtype](const KernelArguments& a, int64_t elements) {
                             kernel(dtype, a.inputs[0], a.inputs[1], a.outputs[0], elements);
                           });
}

KernelChoice Unary(const KernelRequest& request, bool keeps_zeros, UnaryKernel kernel) {
  return ElementwiseChoice(request, keeps_zeros,
                           [kernel, dtype = request.inputs[0].dtype](const KernelArguments& a, int64_t elements) {
                             kernel(dtype, a.inputs[0], a.outputs[0], elements);
                           });
}

}  // namespace

std::optional<KernelChoice> MakeAdd(const KernelRequest& request) {
  return Binary(request, static_cast<const AddOp&>(*request.op).relu() ? AddRelu : Add);
}

std::optional<KernelChoice> MakeMultiply(const KernelRequest& request) { return Binary(request, Multiply); }

std::optional<KernelChoice> MakeScale(const KernelRequest& request) {
  KernelChoice choice =
      ElementwiseChoice(request, true, [dtype = request.inputs[0].dtype](const KernelArguments& a, int64_t elements) {
        Scale(dtype, a.inputs[0], *static_cast<const float*>(a.inputs[1]), a.outputs[0], elements);
      });
  choice.input_layouts[1] = Layout();
  return choice;
}

std::optional<KernelChoice> MakeActivation(const KernelRequest& request) {
  const auto& op = static_cast<const ActivationOp&>(*request.op);
  switch (op.function()) {
    case Activation::kRelu:
      return Unary(request, true, Relu);
    case Activation::kSigmoid:
      return Unary(request, false, Sigmoid);
    case Activation::kTanh:
      return Unary(request, true, Tanh);
    case Activation::kLeakyRelu:
      break;
  }
  return ElementwiseChoice(
      request, true, [dtype = request.inputs[0].dtype, slope = op.slope()](const KernelArguments& a, int64_t elements) {
        LeakyRelu(dtype, a.inputs[0], slope, a.outputs[0], elements);
      });
}

std::optional<KernelChoice> MakeActivationBackward(const KernelRequest& request) {
  const auto& op = static_cast<const ActivationBackwardOp&>(*request.op);
  switch (op.function()) {
    case Activation::kRelu:
      return Binary(request, ReluBackward);
    case Activation::kSigmoid:
      return Binary(request, SigmoidBackward);
    case Activation::kTanh:
      return Binary(request, TanhBackward);
    case Activation::kLeakyRelu:
      break;
  }
  return ElementwiseChoice(
      request, true, [dtype = request.inputs[0].dtype, slope = op.slope()](const KernelArguments& a, int64_t elements) {
        LeakyReluBackward(dtype, a.inputs[0], a.inputs[1], slope, a.outputs[0], elements);
      });
}

std::optional<KernelChoice> MakeCast(const KernelRequest& request) {
  return ElementwiseChoice(
      request, true,
      [from = request.inputs[0].dtype, to = request.outputs[0].dtype](const KernelArguments& a, int64_t elements) {
        Cast(from, a.inputs[0], to, a.outputs[0], elements);
      });
}

std::optional<KernelChoice> MakeRound(const KernelRequest& request) {
  const DType grid = static_cast<const RoundOp&>(*request.op).grid();
  return ElementwiseChoice(request, true, [grid](const KernelArguments& a, int64_t elements) {
    Round(grid, static_cast<const float*>(a.inputs[0]), static_cast<float*>(a.outputs[0]), elements);
  });
}

}  // namespace espalier
