// Makers of the softmax, cross-entropy and dropout kernels, which all work on plain rows.
#include "core/kernels/dropout_kernels.h"
#include "core/kernels/makers.h"
#include "core/kernels/softmax_kernels.h"
#include "core/ops/dropout.h"
#include "core/ops/loss.h"
#include "core/random.h"

namespace espalier {
namespace {

// The [N, C] of [N, C, 1, ...]; nothing when the classes are strided.
std::optional<std::pair<int64_t, int64_t>> ContiguousRows(const Shape& shape) {
  if (shape.rank() < 2 || shape.Product(2, shape.rank()) != 1) return std::nullopt;
  return std::make_pair(shape[0], shape[1]);
}

float* Floats(void* address) { return static_cast<float*>(address); }
const int32_t* Integers(const void* address) { return static_cast<const int32_t*>(address); }

}  // namespace

std::optional<KernelChoice> MakeSoftmax(const KernelRequest& request) {
  const auto rows = ContiguousRows(request.inputs[0].shape);
  if (!rows) return std::nullopt;
  return PlainChoice(
      request, [dtype = request.inputs[0].dtype, n = rows->first, c = rows->second](
                   const KernelArguments& a, const StepContext&) { Softmax(dtype, a.inputs[0], n, c, a.outputs[0]); });
}

std::optional<KernelChoice> MakeSoftmaxBackward(const KernelRequest& request) {
  const auto rows = ContiguousRows(request.inputs[0].shape);
  if (!rows) return std::nullopt;
  return PlainChoice(request, [dtype = request.inputs[0].dtype, n = rows->first, c = rows->second](
                                  const KernelArguments& a, const StepContext&) {
    SoftmaxBackward(dtype, a.inputs[0], a.inputs[1], n, c, a.outputs[0]);
  });
}

std::optional<KernelChoice> MakeSoftmaxCrossEntropy(const KernelRequest& request) {
  const auto& op = static_cast<const SoftmaxCrossEntropyOp&>(*request.op);
  const Shape& shape = request.inputs[0].shape;
  return PlainChoice(request, [dtype = request.inputs[0].dtype, n = shape[0], c = shape[1], smoothing = op.smoothing()](
                                  const KernelArguments& a, const StepContext&) {
    SoftmaxCrossEntropy(dtype, a.inputs[0], {Integers(a.inputs[1]), n, c, smoothing}, Floats(a.outputs[0]),
                        Floats(a.outputs[1]));
  });
}

std::optional<KernelChoice> MakeSoftmaxCrossEntropyBackward(const KernelRequest& request) {
  const auto& op = static_cast<const SoftmaxCrossEntropyBackwardOp&>(*request.op);
  const Shape& shape = request.inputs[0].shape;
  return PlainChoice(request, [dtype = request.outputs[0].dtype, n = shape[0], c = shape[1],
                               smoothing = op.smoothing()](const KernelArguments& a, const StepContext&) {
    SoftmaxCrossEntropyBackward(Floats(a.inputs[0]), {Integers(a.inputs[1]), n, c, smoothing}, *Floats(a.inputs[2]),
                                dtype, a.outputs[0]);
  });
}

std::optional<KernelChoice> MakeDropout(const KernelRequest& request) {
  const auto& op = static_cast<const DropoutOp&>(*request.op);
  const Shape& shape = request.inputs[0].shape;
  return PlainChoice(request, [dtype = request.inputs[0].dtype, samples = shape[0],
                               elements = shape.Product(1, shape.rank()), rate = op.rate(),
                               purpose = PurposeId(op.purpose())](const KernelArguments& a, const StepContext& step) {
    Dropout(dtype, a.inputs[0], Integers(a.inputs[1]), samples, elements, rate, {step.seed, purpose, step.epoch},
            a.outputs[0]);
  });
}

}  // namespace espalier
