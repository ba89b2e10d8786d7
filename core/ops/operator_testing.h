// For tests: runs the reference kernel of one operator on small tensors.
#ifndef ESPALIER_CORE_OPS_OPERATOR_TESTING_H_
#define ESPALIER_CORE_OPS_OPERATOR_TESTING_H_

#include <string>
#include <vector>

#include "core/operator.h"

namespace espalier {

// Infers the types of the outputs (which must succeed), allocates them and runs the reference kernel.
std::vector<Tensor> RunReference(const Operator& op, const std::vector<Tensor>& inputs, const StepContext& step = {});

// The same, all outputs as f32 values.
std::vector<std::vector<float>> ReferenceValues(const Operator& op, const std::vector<Tensor>& inputs);

// The message of the shape rule's error; empty when the rule accepts these types.
std::string ShapeError(const Operator& op, const std::vector<TensorType>& inputs);

// An f32 tensor.
Tensor F32(Shape shape, const std::vector<float>& values);

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_OPERATOR_TESTING_H_
