#include "layers/pool/pool.h"

#include "core/ops/pool.h"

namespace espalier {

absl::StatusOr<ValueId> MakePool(const Pool& pool, LayerContext& context) {
  PoolAttributes attributes;
  attributes.max = pool.kind() == Pool::MAX;
  attributes.kernel_h = pool.has_kernel_h() ? pool.kernel_h() : pool.kernel();
  attributes.kernel_w = pool.has_kernel_w() ? pool.kernel_w() : pool.kernel();
  attributes.stride_h = pool.has_stride() ? pool.stride() : attributes.kernel_h;
  attributes.stride_w = pool.has_stride() ? pool.stride() : attributes.kernel_w;
  attributes.pad_h = attributes.pad_w = pool.pad();
  attributes.ceil = pool.rounding() == Pool::CEIL;
  attributes.count_padding = pool.count_padding();

  context.ExpectInputs(1);
  context.ExpectRank(4);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<PoolOp>(attributes, context.training()), {context.input()});
}

}  // namespace espalier
