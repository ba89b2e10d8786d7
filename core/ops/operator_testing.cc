#include "core/ops/operator_testing.h"

#include "core/ops/reference_access.h"

namespace espalier {

std::vector<Tensor> RunReference(const Operator& op, const std::vector<Tensor>& inputs, const StepContext& step) {
  std::vector<TensorType> input_types;
  for (const Tensor& input : inputs) input_types.push_back({input.dtype(), input.shape()});
  const absl::StatusOr<std::vector<TensorType>> types = op.InferTypes(input_types);
  CHECK(types.ok()) << types.status();
  std::vector<Tensor> outputs;
  for (const TensorType& type : *types) outputs.emplace_back(type.dtype, type.shape);
  op.Reference(inputs, outputs, step);
  return outputs;
}

std::vector<std::vector<float>> ReferenceValues(const Operator& op, const std::vector<Tensor>& inputs) {
  std::vector<std::vector<float>> values;
  for (const Tensor& output : RunReference(op, inputs)) {
    if (output.dtype() == DType::kS32) {
      const absl::Span<int32_t> integers = output.span<int32_t>();
      values.emplace_back(integers.begin(), integers.end());
    } else {
      values.push_back(LoadFloats(output));
    }
  }
  return values;
}

std::string ShapeError(const Operator& op, const std::vector<TensorType>& inputs) {
  return std::string(op.InferTypes(inputs).status().message());
}

Tensor F32(Shape shape, const std::vector<float>& values) { return Tensor::Of<float>(shape, values); }

}  // namespace espalier
