// The checks that every operator case must pass. Each error names the case, the place, what was expected and found.
#ifndef ESPALIER_CORE_OPS_OP_CASE_CHECKS_H_
#define ESPALIER_CORE_OPS_OP_CASE_CHECKS_H_

#include "core/ops/op_case.h"

namespace espalier {

// The gradients that AppendGradients emits, run by the reference kernels, against finite differences of the forward
// reference kernel, on up to 32 elements of each input.
absl::Status CheckGradient(const OpCase& op_case);

// Every operator of the case, forward and backward: bytes are those of inputs and outputs, multiply-accumulates those
// that counting loops find, and flops at least two for each of these.
absl::Status CheckCost(const OpCase& op_case);

// The shape rule answers any number, shape and type of inputs with types or an error, and none at all with an error.
absl::Status CheckShapeRule(const OpCase& op_case);

// A fused ReLU clips what the operator without it computes.
absl::Status CheckFusedRelu(const OpCase& op_case);

// The dynamic type's name, without namespace: "ConvolutionOp".
std::string ClassName(const Operator& op);

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_OP_CASE_CHECKS_H_
