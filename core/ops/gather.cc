// GatherOp and its adjoint.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/gradient.h"
#include "core/ops/reference_access.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

using Types = absl::StatusOr<std::vector<TensorType>>;

int64_t IndexAt(const Tensor& indices, int64_t position, int64_t rows) {
  const int32_t index = indices.data<int32_t>()[position];
  CHECK(index >= 0 && index < rows) << "index " << index << " at position " << position << " of a table of " << rows
                                    << " rows";
  return index;
}

}  // namespace

Types GatherOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  const Shape &table = inputs[0].shape, &indices = inputs[1].shape;
  if (table.rank() < 1 || inputs[1].dtype != DType::kS32 || indices.rank() + table.rank() - 1 > Shape::kMaxRank) {
    return absl::InvalidArgumentError(absl::StrCat("gather expects a table [R, ...], indices s32 and at most ",
                                                   Shape::kMaxRank, " dimensions together, got ", inputs[0].ToString(),
                                                   " and ", inputs[1].ToString()));
  }
  std::vector<int64_t> dims(indices.begin(), indices.end());
  dims.insert(dims.end(), table.begin() + 1, table.end());
  return std::vector<TensorType>{{inputs[0].dtype, Shape(absl::MakeConstSpan(dims))}};
}

void GatherOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                         const StepContext& /*step*/) const {
  const Shape& table = inputs[0].shape();
  const int64_t row_bytes = table.Product(1, table.rank()) * static_cast<int64_t>(SizeOf(inputs[0].dtype()));
  for (int64_t i = 0; i < inputs[1].elements(); ++i) {
    std::memcpy(outputs[0].raw() + i * row_bytes, inputs[0].raw() + IndexAt(inputs[1], i, table[0]) * row_bytes,
                row_bytes);
  }
}

void GatherOp::Gradient(GradientContext* context) const {
  if (!context->Wants(0)) return;
  const Shape& table = context->type(context->input(0)).shape;
  context->SetInputGradient(
      0, context->Emit1(std::make_shared<GatherBackwardOp>(table), {context->output_gradient(), context->input(1)}));
}

Types GatherBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  const absl::StatusOr<std::vector<TensorType>> gathered =
      GatherOp().InferTypes({TensorType{inputs[0].dtype, table_shape_}, inputs[1]});
  if (!gathered.ok() || (*gathered)[0] != inputs[0]) {
    return absl::InvalidArgumentError(absl::StrCat("gather_backward: ", inputs[0].ToString(), " with indices ",
                                                   inputs[1].ToString(), " is no gradient of rows of a table ",
                                                   table_shape_.ToString()));
  }
  return std::vector<TensorType>{{DType::kF32, table_shape_}};
}

Cost GatherBackwardOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return {0, inputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void GatherBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                 const StepContext& /*step*/) const {
  const FloatElements dy(inputs[0]);
  const int64_t row = table_shape_.Product(1, table_shape_.rank());
  std::vector<double> sums(table_shape_.elements(), 0);
  for (int64_t i = 0; i < inputs[1].elements(); ++i) {
    const int64_t index = IndexAt(inputs[1], i, table_shape_[0]);
    for (int64_t j = 0; j < row; ++j) sums[index * row + j] += dy[i * row + j];
  }
  const absl::Span<float> dtable = outputs[0].span<float>();
  for (size_t i = 0; i < sums.size(); ++i) dtable[i] = static_cast<float>(sums[i]);
}

}  // namespace espalier
