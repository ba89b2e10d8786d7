// The registry of operator cases, one list per family.
#ifndef ESPALIER_CORE_OPS_OP_CASES_H_
#define ESPALIER_CORE_OPS_OP_CASES_H_

#include <vector>

#include "core/ops/op_case.h"

namespace espalier {

std::vector<OpCase> ConvolutionCases();
std::vector<OpCase> MatMulCases();
std::vector<OpCase> BatchNormCases();
std::vector<OpCase> PoolCases();
std::vector<OpCase> LrnCases();
std::vector<OpCase> ElementwiseCases();
std::vector<OpCase> LossCases();
std::vector<OpCase> DropoutCases();
std::vector<OpCase> StructureCases();

// All of them, in this order.
std::vector<OpCase> AllOpCases();

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_OP_CASES_H_
