#include "core/kernels/batch_norm_kernels.h"
#include "core/kernels/makers.h"
#include "core/ops/batch_norm.h"

namespace espalier {
namespace {

// How x lies: channel-blocked by 8 or 16, else plain. Activations with fewer than this many pixels and no block are
// left to the reference kernel: their rows are too short for vectors over space.
constexpr int64_t kShortRow = 4;

struct Arrangement {
  ChannelGeometry geometry;
  Layout layout;
};

std::optional<Arrangement> Arrange(const KernelRequest& request) {
  const Shape& shape = request.inputs[0].shape;
  if (shape.rank() < 2) return std::nullopt;
  Arrangement result;
  const Layout& layout = request.input_layouts[0];
  const int64_t block = layout.ChannelBlock(shape);
  result.geometry = {shape[0], shape[1], shape.Product(2, shape.rank()), 1};
  if (block == 8 || block == 16) {
    result.layout = layout;
    result.geometry.block = block;
  } else if (result.geometry.spatial < kShortRow) {
    return std::nullopt;
  }
  return result;
}

KernelChoice Choice(const KernelRequest& request, const Arrangement& arrangement, FunctionKernel::Function function) {
  KernelChoice choice = PlainChoice(request, std::move(function));
  const TensorType& x = request.inputs[0];
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    if (request.inputs[i].shape == x.shape) choice.input_layouts[i] = arrangement.layout;
  }
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    if (request.outputs[i].shape == x.shape) choice.output_layouts[i] = arrangement.layout;
  }
  choice.scratch_bytes = BatchNormScratchBytes(arrangement.geometry);
  return choice;
}

float* Floats(void* address) { return static_cast<float*>(address); }

}  // namespace

std::optional<KernelChoice> MakeBatchNormTrain(const KernelRequest& request) {
  const std::optional<Arrangement> arrangement = Arrange(request);
  if (!arrangement) return std::nullopt;
  const auto& op = static_cast<const BatchNormTrainOp&>(*request.op);
  const bool residual = request.inputs.size() == 4;
  return Choice(
      request, *arrangement,
      [dtype = request.inputs[0].dtype, geometry = arrangement->geometry, epsilon = op.epsilon(), relu = op.relu(),
       residual, synchronized = op.synchronized()](const KernelArguments& a, const StepContext& step) {
        BatchNormTrain(dtype, geometry, epsilon, relu,
                       {a.inputs[0], Floats(a.inputs[1]), Floats(a.inputs[2]), residual ? a.inputs[3] : nullptr,
                        a.outputs[0], Floats(a.outputs[1]), Floats(a.outputs[2]), Floats(a.scratch),
                        synchronized ? step.channel_reducer : nullptr});
      });
}

std::optional<KernelChoice> MakeBatchNormInference(const KernelRequest& request) {
  const std::optional<Arrangement> arrangement = Arrange(request);
  if (!arrangement) return std::nullopt;
  const auto& op = static_cast<const BatchNormInferenceOp&>(*request.op);
  const bool residual = request.inputs.size() == 6;
  return Choice(request, *arrangement,
                [dtype = request.inputs[0].dtype, geometry = arrangement->geometry, epsilon = op.epsilon(),
                 relu = op.relu(), residual](const KernelArguments& a, const StepContext&) {
                  BatchNormInference(
                      dtype, geometry, epsilon, relu,
                      {a.inputs[0], Floats(a.inputs[1]), Floats(a.inputs[2]), residual ? a.inputs[5] : nullptr,
                       a.outputs[0], Floats(a.inputs[3]), Floats(a.inputs[4]), Floats(a.scratch)});
                });
}

std::optional<KernelChoice> MakeBatchNormBackward(const KernelRequest& request) {
  const std::optional<Arrangement> arrangement = Arrange(request);
  if (!arrangement) return std::nullopt;
  const auto& op = static_cast<const BatchNormBackwardOp&>(*request.op);
  return Choice(
      request, *arrangement,
      [dtype = request.inputs[0].dtype, geometry = arrangement->geometry, epsilon = op.epsilon(), relu = op.relu(),
       residual = op.residual(), synchronized = op.synchronized()](const KernelArguments& a, const StepContext& step) {
        const int dy = relu ? 2 : 1;
        BatchNormBackward(dtype, geometry, epsilon,
                          {a.inputs[0], relu ? a.inputs[1] : nullptr, a.inputs[dy], Floats(a.inputs[dy + 1]),
                           Floats(a.inputs[dy + 2]), Floats(a.inputs[dy + 3]), a.outputs[0], Floats(a.outputs[1]),
                           Floats(a.outputs[2]), residual ? a.outputs[3] : nullptr, Floats(a.scratch),
                           synchronized ? step.channel_reducer : nullptr});
      });
}

}  // namespace espalier
