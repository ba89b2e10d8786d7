#include "core/kernels/makers.h"
#include "core/kernels/structure_kernels.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

// The arrangement in which a concatenation or a slice is a copy of strided blocks: plain, or blocked channels when the
// axis is the channels and each part is whole channel blocks.
struct Arrangement {
  int axis;
  int64_t block = 0;  // 0: plain

  Layout LayoutOf(const Shape& shape) const {
    if (block == 0) return {};
    std::vector<int64_t> padded(shape.begin(), shape.end()), strides(shape.rank());
    padded[1] = (shape[1] + block - 1) / block * block;
    int64_t stride = block;
    for (int dim = shape.rank() - 1; dim >= 0; --dim) {
      strides[dim] = stride;
      stride *= dim == 1 ? padded[1] / block : padded[dim];
    }
    return Layout::Blocked(shape, padded, strides, {{1, block}});
  }

  // Bytes of `extent` indices of the axis, in one block of the copy.
  int64_t BytesOf(const TensorType& type, int64_t extent) const {
    const int64_t padded = block == 0 ? extent : (extent + block - 1) / block * block;
    return padded * type.shape.Product(axis + 1, type.shape.rank()) * static_cast<int64_t>(SizeOf(type.dtype));
  }
  int64_t Bytes(const TensorType& type) const { return BytesOf(type, type.shape[axis]); }
  int64_t Count(const TensorType& type) const { return type.shape.Product(0, axis); }
};

// `begins`: where on the axis the parts begin.
Arrangement Arrange(const KernelRequest& request, int axis, absl::Span<const int64_t> begins) {
  Arrangement arrangement{axis};
  for (size_t i = 0; i < request.inputs.size() && axis == 1; ++i) {
    const int64_t block = request.input_layouts[i].ChannelBlock(request.inputs[i].shape);
    if (block != 0) arrangement.block = block;
  }
  for (int64_t begin : begins) {
    if (arrangement.block != 0 && begin % arrangement.block != 0) arrangement.block = 0;
  }
  return arrangement;
}

KernelChoice Choice(const KernelRequest& request, const Arrangement& arrangement, FunctionKernel::Function function) {
  KernelChoice choice = PlainChoice(request, std::move(function));
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    choice.input_layouts[i] = arrangement.LayoutOf(request.inputs[i].shape);
  }
  choice.output_layouts[0] = arrangement.LayoutOf(request.outputs[0].shape);
  return choice;
}

std::byte* Advance(void* address, int64_t bytes) { return static_cast<std::byte*>(address) + bytes; }

}  // namespace

std::optional<KernelChoice> MakeConcat(const KernelRequest& request) {
  const int axis = static_cast<const ConcatOp&>(*request.op).axis();
  std::vector<int64_t> begins = {0};
  for (const TensorType& input : request.inputs) begins.push_back(begins.back() + input.shape[axis]);
  begins.pop_back();
  const Arrangement arrangement = Arrange(request, axis, begins);
  const TensorType& output = request.outputs[0];
  std::vector<Blocks> parts;
  for (const TensorType& input : request.inputs) {
    const int64_t bytes = arrangement.Bytes(input);
    parts.push_back({arrangement.Count(output), bytes, bytes, arrangement.Bytes(output)});
  }
  return Choice(request, arrangement, [parts](const KernelArguments& a, const StepContext&) {
    int64_t offset = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      CopyBlocks(parts[i], a.inputs[i], Advance(a.outputs[0], offset));
      offset += parts[i].bytes;
    }
  });
}

std::optional<KernelChoice> MakeSlice(const KernelRequest& request) {
  const auto& op = static_cast<const SliceOp&>(*request.op);
  const TensorType &input = request.inputs[0], &output = request.outputs[0];
  const int64_t end = op.begin() + output.shape[op.axis()];
  const bool to_the_end = end == input.shape[op.axis()];
  const Arrangement arrangement = Arrange(request, op.axis(), {op.begin(), to_the_end ? 0 : end});
  const int64_t bytes = arrangement.Bytes(output), offset = arrangement.BytesOf(input, op.begin());
  const Blocks blocks{arrangement.Count(input), bytes, arrangement.Bytes(input), bytes};
  return Choice(request, arrangement, [blocks, offset](const KernelArguments& a, const StepContext&) {
    CopyBlocks(blocks, Advance(a.inputs[0], offset), a.outputs[0]);
  });
}

std::optional<KernelChoice> MakeSliceBackward(const KernelRequest& request) {
  const auto& op = static_cast<const SliceBackwardOp&>(*request.op);
  const TensorType &input = request.inputs[0], &output = request.outputs[0];
  const int64_t end = op.begin() + input.shape[op.axis()];
  const bool to_the_end = end == output.shape[op.axis()];
  const Arrangement arrangement = Arrange(request, op.axis(), {op.begin(), to_the_end ? 0 : end});
  const int64_t bytes = arrangement.Bytes(input), step = arrangement.Bytes(output);
  const int64_t offset = arrangement.BytesOf(output, op.begin()), count = arrangement.Count(output);
  const Blocks before{count, offset, 0, step}, slice{count, bytes, bytes, step};
  const Blocks after{count, step - offset - bytes, 0, step};
  return Choice(request, arrangement, [before, slice, after](const KernelArguments& a, const StepContext&) {
    ZeroBlocks(before, a.outputs[0]);
    CopyBlocks(slice, a.inputs[0], Advance(a.outputs[0], before.bytes));
    ZeroBlocks(after, Advance(a.outputs[0], before.bytes + slice.bytes));
  });
}

std::optional<KernelChoice> MakeTranspose(const KernelRequest& request) {
  const auto& op = static_cast<const TransposeOp&>(*request.op);
  return PlainChoice(request, [plan = PlanTranspose(request.inputs[0].shape, op.order()),
                               bytes = SizeOf(request.inputs[0].dtype)](const KernelArguments& a, const StepContext&) {
    Transpose(plan, bytes, a.inputs[0], a.outputs[0]);
  });
}

std::optional<KernelChoice> MakeGather(const KernelRequest& request) {
  const TensorType& table = request.inputs[0];
  const int64_t row_bytes = table.shape.Product(1, table.shape.rank()) * static_cast<int64_t>(SizeOf(table.dtype));
  return PlainChoice(request, [rows = table.shape[0], row_bytes, count = request.inputs[1].shape.elements()](
                                  const KernelArguments& a, const StepContext&) {
    const int32_t* indices = static_cast<const int32_t*>(a.inputs[1]);
    Gather(a.inputs[0], rows, row_bytes, absl::MakeConstSpan(indices, count), a.outputs[0]);
  });
}

std::optional<KernelChoice> MakeGatherBackward(const KernelRequest& request) {
  const Shape& table = request.outputs[0].shape;
  const GroupedSum sum{table[0], table.Product(1, table.rank()), request.inputs[1].shape.elements()};
  KernelChoice choice =
      PlainChoice(request, [sum, dtype = request.inputs[0].dtype](const KernelArguments& a, const StepContext&) {
        SumByIndex(sum, dtype, a.inputs[0], static_cast<const int32_t*>(a.inputs[1]), static_cast<float*>(a.scratch),
                   static_cast<float*>(a.outputs[0]));
      });
  choice.scratch_bytes = sum.ScratchBytes();
  return choice;
}

}  // namespace espalier
