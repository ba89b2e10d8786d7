#include "layers/pool/global_average_pool.h"

#include <vector>

#include "core/ops/structure.h"

namespace espalier {

absl::StatusOr<ValueId> MakeGlobalAveragePool(const GlobalAveragePool& /*pool*/, LayerContext& context) {
  context.ExpectInputs(1);
  context.ExpectRank(4);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<ReduceOp>(Reduction::kMean, std::vector<int>{2, 3}), {context.input()});
}

}  // namespace espalier
