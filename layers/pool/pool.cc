#include "layers/pool/pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
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
  if (attributes.kernel_h == 0 || attributes.kernel_w == 0) {
    context.Complain("", "expected kernel, or kernel_h and kernel_w");
  }
  // A window that sees only padding has no maximum.
  if (pool.pad() > 0 && pool.pad() >= std::min(attributes.kernel_h, attributes.kernel_w)) {
    context.Complain("pad", absl::StrCat("expected less than the kernel, found ", pool.pad()));
  }
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<PoolOp>(attributes, context.training()), {context.input()});
}

}  // namespace espalier
