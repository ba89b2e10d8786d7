#include "core/ops/lrn.h"

#include "core/onednn/common.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

using onednn::Argument;

dnnl::lrn_forward::primitive_desc ForwardDesc(const LrnAttributes& a, const dnnl::memory::desc& x) {
  return {dnnl::lrn_forward::desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::lrn_across_channels, x, a.size,
                                  a.alpha, a.beta, a.k),
          onednn::Attributes(), onednn::Engine()};
}

}  // namespace

std::optional<KernelChoice> MakeOneDnnLrn(const KernelRequest& request) {
  const auto& op = static_cast<const LrnOp&>(*request.op);
  if (request.inputs[0].dtype == DType::kF16) return std::nullopt;
  try {
    const dnnl::memory::desc x = onednn::Describe(request.inputs[0], request.input_layouts[0]);
    const auto desc = ForwardDesc(op.attributes(), x);
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts = {request.input_layouts[0]};
    choice.output_layouts = {request.input_layouts[0]};
    onednn::SetPrimitive(&choice, dnnl::lrn_forward(desc), desc,
                         {{DNNL_ARG_SRC, x, Argument::Source::kInput, 0},
                          {DNNL_ARG_DST, desc.dst_desc(), Argument::Source::kOutput, 0}});
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace espalier
