#include "core/onednn/common.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

// The type seen with as many dimensions as its blocked layout has: grouped weights have [g, o / g, i, h, w].
TensorType SplitGroups(const TensorType& type, const Layout& layout) {
  const int rank = static_cast<int>(layout.padded_dims().size());
  if (rank == type.shape.rank()) return type;
  CHECK_EQ(rank, type.shape.rank() + 1);
  const int64_t groups = layout.padded_dims()[0];
  CHECK_EQ(type.shape[0] % groups, 0);
  return {type.dtype, {groups, type.shape[0] / groups, type.shape[1], type.shape[2], type.shape[3]}};
}

}  // namespace

KernelChoice MakeReorder(const TensorType& type, const Layout& from, const Layout& to) {
  const TensorType seen = SplitGroups(type, from.blocked() ? from : to.blocked() ? to : Layout());
  const dnnl::memory::desc source = onednn::Describe(seen, from), target = onednn::Describe(seen, to);
  const dnnl::reorder::primitive_desc desc(onednn::Engine(), source, onednn::Engine(), target, onednn::Attributes());
  KernelChoice choice;
  choice.input_layouts = {from};
  choice.output_layouts = {to};
  using onednn::Argument;
  onednn::SetPrimitive(
      &choice, dnnl::reorder(desc), desc,
      {{DNNL_ARG_FROM, source, Argument::Source::kInput, 0}, {DNNL_ARG_TO, target, Argument::Source::kOutput, 0}});
  return choice;
}

}  // namespace espalier
