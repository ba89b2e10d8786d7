#include "core/ops/op_cases.h"

namespace espalier {

std::vector<OpCase> AllOpCases() {
  std::vector<OpCase> all;
  for (auto* family : {ConvolutionCases, MatMulCases, BatchNormCases, PoolCases, LrnCases, ElementwiseCases, LossCases,
                       DropoutCases, StructureCases}) {
    for (OpCase& op_case : family()) all.push_back(std::move(op_case));
  }
  return all;
}

}  // namespace espalier
