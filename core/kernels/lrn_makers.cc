#include "core/kernels/lrn_kernels.h"
#include "core/kernels/makers.h"
#include "core/ops/lrn.h"

namespace espalier {
namespace {

// Nothing for what the kernels' working memory does not hold, nor for k <= 0, with which padding would become NaN.
std::optional<ChannelGeometry> GeometryOf(const KernelRequest& request, const LrnAttributes& a) {
  const Shape& shape = request.inputs[0].shape;
  if (shape[1] > kMaxLrnChannels || a.size > kMaxLrnSize || !(a.k > 0)) return std::nullopt;
  const int64_t block = request.input_layouts[0].ChannelBlock(shape);
  return ChannelGeometry{shape[0], shape[1], shape[2] * shape[3], block == 8 || block == 16 ? block : 1};
}

LrnWindow WindowOf(const LrnAttributes& a) { return {a.size, a.alpha, a.beta, a.k}; }

KernelChoice Choice(const KernelRequest& request, const ChannelGeometry& geometry, FunctionKernel::Function function) {
  KernelChoice choice = PlainChoice(request, std::move(function));
  if (geometry.block > 1) {
    choice.input_layouts.assign(request.inputs.size(), request.input_layouts[0]);
    choice.output_layouts.assign(1, request.input_layouts[0]);
  }
  return choice;
}

}  // namespace

std::optional<KernelChoice> MakeLrn(const KernelRequest& request) {
  const LrnAttributes& attributes = static_cast<const LrnOp&>(*request.op).attributes();
  const auto geometry = GeometryOf(request, attributes);
  if (!geometry) return std::nullopt;
  return Choice(
      request, *geometry,
      [dtype = request.inputs[0].dtype, g = *geometry, window = WindowOf(attributes)](
          const KernelArguments& a, const StepContext&) { Lrn(dtype, g, window, a.inputs[0], a.outputs[0]); });
}

std::optional<KernelChoice> MakeLrnBackward(const KernelRequest& request) {
  const LrnAttributes& attributes = static_cast<const LrnBackwardOp&>(*request.op).attributes();
  const auto geometry = GeometryOf(request, attributes);
  if (!geometry) return std::nullopt;
  return Choice(request, *geometry,
                [dtype = request.inputs[0].dtype, g = *geometry, window = WindowOf(attributes)](
                    const KernelArguments& a, const StepContext&) {
                  LrnBackward(dtype, g, window, a.inputs[0], a.inputs[1], a.outputs[0]);
                });
}

}  // namespace espalier
