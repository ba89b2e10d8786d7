#include "core/onednn/common.h"
#include "core/onednn/kernels.h"
#include "core/ops/structure.h"

namespace espalier {

std::optional<KernelChoice> MakeOneDnnConcat(const KernelRequest& request) {
  const auto& op = static_cast<const ConcatOp&>(*request.op);
  using onednn::Argument;
  try {
    // All inputs follow the first that is blocked.
    Layout layout;
    for (const Layout& candidate : request.input_layouts) {
      if (candidate.blocked()) layout = candidate;
    }
    const int64_t block = layout.blocked() ? layout.ChannelBlock(request.inputs[0].shape) : 0;
    std::vector<dnnl::memory::desc> sources;
    KernelChoice choice;
    for (const TensorType& input : request.inputs) {
      dnnl::memory::desc desc = onednn::Plain(input.dtype, onednn::Dims(input.shape));
      // Joined channels must be whole blocks.
      if (input.shape.rank() == 4 && op.axis() == 1 && (block == 16 || block == 8)) {
        for (const TensorType& other : request.inputs) {
          if (other.shape[1] % block != 0) return std::nullopt;
        }
        desc = {onednn::Dims(input.shape), onednn::DataType(input.dtype),
                block == 16 ? dnnl::memory::format_tag::nChw16c : dnnl::memory::format_tag::nChw8c};
      }
      sources.push_back(desc);
      choice.input_layouts.push_back(onednn::ToLayout(desc, input.shape));
    }
    const dnnl::concat::primitive_desc desc(op.axis(), sources, onednn::Engine(), onednn::Attributes());
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    choice.output_layouts = {onednn::ToLayout(desc.dst_desc(), request.outputs[0].shape)};
    std::vector<Argument> arguments = {{DNNL_ARG_DST, desc.dst_desc(), Argument::Source::kOutput, 0}};
    for (size_t i = 0; i < sources.size(); ++i) {
      arguments.push_back(
          {DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), sources[i], Argument::Source::kInput, static_cast<int>(i)});
    }
    onednn::SetPrimitive(&choice, dnnl::concat(desc), desc, std::move(arguments));
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace espalier
