#include "core/ops/matmul.h"

#include "core/onednn/common.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

// A plain row-major matrix, seen as its transpose when asked.
dnnl::memory::desc Matrix(const TensorType& type, bool transpose) {
  const int64_t rows = type.shape[0], columns = type.shape[1];
  if (transpose) return {{columns, rows}, onednn::DataType(type.dtype), {1, columns}};
  return {{rows, columns}, onednn::DataType(type.dtype), {columns, 1}};
}

}  // namespace

std::optional<KernelChoice> MakeOneDnnMatMul(const KernelRequest& request) {
  const auto& op = static_cast<const MatMulOp&>(*request.op);
  if (request.inputs[0].dtype == DType::kF16) return std::nullopt;
  using onednn::Argument;
  try {
    const dnnl::memory::desc a = Matrix(request.inputs[0], op.transpose_a());
    const dnnl::memory::desc b = Matrix(request.inputs[1], op.transpose_b());
    const dnnl::memory::desc y = Matrix(request.outputs[0], false);
    const bool has_bias = request.inputs.size() == 3;
    const dnnl::memory::desc bias = onednn::Plain(DType::kF32, {1, request.outputs[0].shape[1]});
    const dnnl::matmul::primitive_desc desc(has_bias ? dnnl::matmul::desc(a, b, bias, y) : dnnl::matmul::desc(a, b, y),
                                            onednn::ReluAttributes(op.relu()), onednn::Engine());
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts.resize(request.inputs.size());
    choice.output_layouts.resize(1);
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, a, Argument::Source::kInput, 0},
                                       {DNNL_ARG_WEIGHTS, b, Argument::Source::kInput, 1},
                                       {DNNL_ARG_DST, y, Argument::Source::kOutput, 0}};
    if (has_bias) arguments.push_back({DNNL_ARG_BIAS, bias, Argument::Source::kInput, 2});
    onednn::SetPrimitive(&choice, dnnl::matmul(desc), desc, std::move(arguments));
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace espalier
