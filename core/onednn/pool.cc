#include "core/ops/pool.h"

#include "core/onednn/common.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

using onednn::Argument;
using onednn::ToLayout;

struct Geometry {
  std::vector<int64_t> strides, kernel, dilation, pad_begin, pad_end;
};

Geometry GeometryOf(const PoolAttributes& a, const Shape& input, const Shape& output) {
  return {{a.stride_h, a.stride_w},
          {a.kernel_h, a.kernel_w},
          {0, 0},
          {a.pad_h, a.pad_w},
          {(output[2] - 1) * a.stride_h + a.kernel_h - input[2] - a.pad_h,
           (output[3] - 1) * a.stride_w + a.kernel_w - input[3] - a.pad_w}};
}

dnnl::algorithm Algorithm(const PoolAttributes& a) {
  if (a.max) return dnnl::algorithm::pooling_max;
  return a.count_padding ? dnnl::algorithm::pooling_avg_include_padding : dnnl::algorithm::pooling_avg_exclude_padding;
}

dnnl::pooling_v2_forward::primitive_desc ForwardDesc(const PoolOp& op, const dnnl::memory::desc& x, const Shape& input,
                                                     const TensorType& y, bool training) {
  const Geometry g = GeometryOf(op.attributes(), input, y.shape);
  return {dnnl::pooling_v2_forward::desc(
              training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
              Algorithm(op.attributes()), x, onednn::Any(y), g.strides, g.kernel, g.dilation, g.pad_begin, g.pad_end),
          onednn::Attributes(), onednn::Engine()};
}

// With padding counted, oneDNN's average always divides by the whole kernel: not the operator's rule for a window that
// rounding up lets reach beyond the padding.
bool Supported(const PoolAttributes& a, const TensorType& type, const Geometry& g) {
  if (type.dtype != DType::kF32 && type.dtype != DType::kBF16) return false;
  return a.max || !a.count_padding || (g.pad_end[0] <= a.pad_h && g.pad_end[1] <= a.pad_w);
}

// The workspace of max pooling is ordered like the output: its tag names that layout, and the backward kernel asks for
// it.
constexpr char kWorkspace[] = "onednn pool workspace, ";

using Tag = dnnl::memory::format_tag;
constexpr Tag kTags[] = {Tag::nchw, Tag::nChw16c, Tag::nChw8c, Tag::nhwc};

dnnl::memory::desc Tagged(const TensorType& type, Tag tag) {
  return {onednn::Dims(type.shape), onednn::DataType(type.dtype), tag};
}

// The tag under which `dy` lies, or for max pooling the one that the workspace names.
std::optional<Tag> FindTag(const TensorType& dy, const std::string& wanted) {
  for (Tag tag : kTags) {
    if (ToLayout(Tagged(dy, tag), dy.shape).ToString() == wanted) return tag;
  }
  return std::nullopt;
}

std::string WantedLayout(const KernelRequest& request, bool max) {
  if (!max) return request.input_layouts[0].ToString();
  std::string tag = request.input_layouts[1].ToString();
  const size_t begin = tag.find(kWorkspace);
  if (begin == std::string::npos) return "";
  tag.erase(0, begin + sizeof kWorkspace - 1);
  tag.pop_back();
  return tag;
}

}  // namespace

std::optional<KernelChoice> MakeOneDnnPool(const KernelRequest& request) {
  const auto& op = static_cast<const PoolOp&>(*request.op);
  if (!Supported(op.attributes(), request.inputs[0],
                 GeometryOf(op.attributes(), request.inputs[0].shape, request.outputs[0].shape))) {
    return std::nullopt;
  }
  try {
    const dnnl::memory::desc x = onednn::Describe(request.inputs[0], request.input_layouts[0]);
    const auto desc = ForwardDesc(op, x, request.inputs[0].shape, request.outputs[0], op.has_argmax());
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts = {request.input_layouts[0]};
    choice.output_layouts = {ToLayout(desc.dst_desc(), request.outputs[0].shape)};
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, desc.src_desc(), Argument::Source::kInput, 0},
                                       {DNNL_ARG_DST, desc.dst_desc(), Argument::Source::kOutput, 0}};
    if (op.has_argmax()) {
      choice.output_layouts.push_back(
          Layout::Opaque(desc.workspace_desc().get_size(), kWorkspace + choice.output_layouts[0].ToString()));
      arguments.push_back({DNNL_ARG_WORKSPACE, desc.workspace_desc(), Argument::Source::kOutput, 1});
    }
    onednn::SetPrimitive(&choice, dnnl::pooling_v2_forward(desc), desc, std::move(arguments));
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

std::optional<KernelChoice> MakeOneDnnPoolBackward(const KernelRequest& request) {
  const auto& op = static_cast<const PoolBackwardOp&>(*request.op);
  const PoolAttributes& a = op.attributes();
  const TensorType &dy = request.inputs[0], &dx = request.outputs[0];
  const Geometry g = GeometryOf(a, dx.shape, dy.shape);
  if (!Supported(a, dy, g)) return std::nullopt;
  const std::optional<Tag> tag = FindTag(dy, WantedLayout(request, a.max));
  if (!tag.has_value()) return std::nullopt;
  try {
    const PoolOp forward_op(a, true);
    const dnnl::memory::desc dy_desc = Tagged(dy, *tag), dx_desc = Tagged(dx, *tag);
    const auto forward = ForwardDesc(forward_op, dx_desc, dx.shape, dy, true);
    const dnnl::pooling_v2_backward::primitive_desc desc(
        dnnl::pooling_v2_backward::desc(Algorithm(a), dx_desc, dy_desc, g.strides, g.kernel, g.dilation, g.pad_begin,
                                        g.pad_end),
        onednn::Attributes(), onednn::Engine(), forward);
    KernelChoice choice;
    choice.input_layouts = {ToLayout(dy_desc, dy.shape)};
    choice.output_layouts = {ToLayout(desc.diff_src_desc(), dx.shape)};
    std::vector<Argument> arguments = {{DNNL_ARG_DIFF_DST, desc.diff_dst_desc(), Argument::Source::kInput, 0},
                                       {DNNL_ARG_DIFF_SRC, desc.diff_src_desc(), Argument::Source::kOutput, 0}};
    if (a.max) {
      if (desc.workspace_desc().get_size() != request.input_layouts[1].Bytes(request.inputs[1])) return std::nullopt;
      choice.input_layouts.push_back(request.input_layouts[1]);
      arguments.push_back({DNNL_ARG_WORKSPACE, desc.workspace_desc(), Argument::Source::kInput, 1});
    }
    onednn::SetPrimitive(&choice, dnnl::pooling_v2_backward(desc), desc, std::move(arguments));
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace espalier
