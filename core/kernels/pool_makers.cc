#include "core/kernels/makers.h"
#include "core/kernels/pool_kernels.h"
#include "core/ops/pool.h"

namespace espalier {
namespace {

// For the pass from x to y, or back.
PoolGeometry GeometryOf(const PoolAttributes& a, const Shape& x, const Shape& y, int64_t block) {
  return {x[0],
          x[1],
          block == 8 || block == 16 ? block : 1,
          {x[2], y[2], a.kernel_h, a.stride_h, a.pad_h},
          {x[3], y[3], a.kernel_w, a.stride_w, a.pad_w},
          a.count_padding};
}

// [N, C, H, W] as N, C / block, H, W, block.
Layout ChannelBlocked(const Shape& shape, int64_t block) {
  const int64_t blocks = (shape[1] + block - 1) / block, height = shape[2], width = shape[3];
  return Layout::Blocked(shape, {shape[0], blocks * block, height, width},
                         {blocks * height * width * block, height * width * block, width * block, block}, {{1, block}});
}

KernelChoice Choice(const KernelRequest& request, const PoolGeometry& geometry, FunctionKernel::Function function) {
  KernelChoice choice = PlainChoice(request, std::move(function));
  if (geometry.block == 1) return choice;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    choice.input_layouts[i] = ChannelBlocked(request.inputs[i].shape, geometry.block);
  }
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    choice.output_layouts[i] = ChannelBlocked(request.outputs[i].shape, geometry.block);
  }
  return choice;
}

}  // namespace

std::optional<KernelChoice> MakePool(const KernelRequest& request) {
  const auto& op = static_cast<const PoolOp&>(*request.op);
  const Shape& x = request.inputs[0].shape;
  const PoolGeometry geometry =
      GeometryOf(op.attributes(), x, request.outputs[0].shape, request.input_layouts[0].ChannelBlock(x));
  return Choice(request, geometry,
                [dtype = request.inputs[0].dtype, geometry, max = op.attributes().max, has_argmax = op.has_argmax()](
                    const KernelArguments& a, const StepContext&) {
                  if (!max) return AveragePool(dtype, geometry, a.inputs[0], a.outputs[0]);
                  MaxPool(dtype, geometry, a.inputs[0], a.outputs[0],
                          has_argmax ? static_cast<int32_t*>(a.outputs[1]) : nullptr);
                });
}

// Max pooling follows the layout of argmax, which the forward kernel chose.
std::optional<KernelChoice> MakePoolBackward(const KernelRequest& request) {
  const PoolAttributes& attributes = static_cast<const PoolBackwardOp&>(*request.op).attributes();
  const Shape& dy = request.inputs[0].shape;
  const Layout& layout = request.input_layouts.back();
  const PoolGeometry geometry = GeometryOf(attributes, request.outputs[0].shape, dy, layout.ChannelBlock(dy));
  return Choice(
      request, geometry,
      [dtype = request.inputs[0].dtype, geometry, max = attributes.max](const KernelArguments& a, const StepContext&) {
        if (!max) return AveragePoolBackward(dtype, geometry, a.inputs[0], a.outputs[0]);
        MaxPoolBackward(dtype, geometry, a.inputs[0], static_cast<const int32_t*>(a.inputs[1]), a.outputs[0]);
      });
}

}  // namespace espalier
