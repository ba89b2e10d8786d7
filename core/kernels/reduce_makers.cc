#include <algorithm>

#include "core/kernels/makers.h"
#include "core/kernels/reduce_kernels.h"
#include "core/ops/matmul.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

// Whether `axes` are first, first + 1, ... in some order.
bool AreConsecutive(std::vector<int> axes, int first) {
  std::sort(axes.begin(), axes.end());
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != first + static_cast<int>(i)) return false;
  }
  return true;
}

bool AreTrailing(const std::vector<int>& axes, const Shape& shape) {
  return AreConsecutive(axes, shape.rank() - static_cast<int>(axes.size()));
}

// The product of the `axes` of `shape`, or 1 for a sum.
float Divisor(Reduction reduction, const std::vector<int>& axes, const Shape& shape) {
  float divisor = 1;
  for (int axis : axes) divisor *= reduction == Reduction::kMean ? static_cast<float>(shape[axis]) : 1;
  return divisor;
}

// x [N, C, ...] in its channel blocks when it lies so, else plain.
ChannelGeometry GeometryOf(const Shape& shape, const Layout& layout) {
  const int64_t block = layout.ChannelBlock(shape);
  return {shape[0], shape[1], shape.Product(2, shape.rank()), block == 8 || block == 16 ? block : 1};
}

KernelChoice SumOfLeading(const KernelRequest& request, int axes, float divisor) {
  const Shape& shape = request.inputs[0].shape;
  return PlainChoice(
      request, [dtype = request.inputs[0].dtype, rows = shape.Product(0, axes),
                columns = shape.Product(axes, shape.rank()), divisor](const KernelArguments& a, const StepContext&) {
        ColumnSum(dtype, rows, columns, a.inputs[0], divisor, a.outputs[0]);
      });
}

}  // namespace

std::optional<KernelChoice> MakeReduce(const KernelRequest& request) {
  const auto& op = static_cast<const ReduceOp&>(*request.op);
  const Shape& shape = request.inputs[0].shape;
  const int axes = static_cast<int>(op.axes().size()), kept = shape.rank() - axes;
  const float divisor = Divisor(op.reduction(), op.axes(), shape);
  if (!AreTrailing(op.axes(), shape)) {
    if (!AreConsecutive(op.axes(), 0)) return std::nullopt;
    return SumOfLeading(request, axes, divisor);
  }
  ChannelGeometry geometry{shape.Product(0, kept), 1, shape.Product(kept, shape.rank()), 1};
  Layout layout;
  if (kept == 2 && GeometryOf(shape, request.input_layouts[0]).block > 1) {
    layout = request.input_layouts[0];
    geometry = GeometryOf(shape, layout);
  }
  KernelChoice choice = PlainChoice(
      request, [dtype = request.inputs[0].dtype, geometry, divisor](const KernelArguments& a, const StepContext&) {
        SpatialSum(dtype, geometry, a.inputs[0], divisor, a.outputs[0]);
      });
  choice.input_layouts[0] = layout;
  return choice;
}

std::optional<KernelChoice> MakeBroadcast(const KernelRequest& request) {
  const auto& op = static_cast<const BroadcastOp&>(*request.op);
  const Shape& shape = request.outputs[0].shape;
  if (!AreTrailing(op.axes(), shape)) return std::nullopt;
  const int kept = shape.rank() - static_cast<int>(op.axes().size());
  const ChannelGeometry geometry{shape.Product(0, kept), 1, shape.Product(kept, shape.rank()), 1};
  return PlainChoice(request,
                     [dtype = request.inputs[0].dtype, geometry, divisor = Divisor(op.reduction(), op.axes(), shape)](
                         const KernelArguments& a, const StepContext&) {
                       SpatialBroadcast(dtype, geometry, a.inputs[0], divisor, a.outputs[0]);
                     });
}

std::optional<KernelChoice> MakeBiasGradient(const KernelRequest& request) {
  const ChannelGeometry geometry = GeometryOf(request.inputs[0].shape, request.input_layouts[0]);
  KernelChoice choice =
      PlainChoice(request, [dtype = request.inputs[0].dtype, geometry](const KernelArguments& a, const StepContext&) {
        ChannelSum(dtype, geometry, a.inputs[0], static_cast<float*>(a.scratch), static_cast<float*>(a.outputs[0]));
      });
  if (geometry.block > 1) choice.input_layouts[0] = request.input_layouts[0];
  choice.scratch_bytes = ChannelSumScratchBytes(geometry);
  return choice;
}

}  // namespace espalier
