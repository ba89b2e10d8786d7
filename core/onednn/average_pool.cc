// Averages only: maxima are faster with our own kernels, whatever the type (core/kernels/pool_kernels.h).
#include "core/onednn/common.h"
#include "core/onednn/kernels.h"
#include "core/ops/pool.h"

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
  return a.count_padding ? dnnl::algorithm::pooling_avg_include_padding : dnnl::algorithm::pooling_avg_exclude_padding;
}

dnnl::pooling_v2_forward::primitive_desc ForwardDesc(const PoolAttributes& a, const dnnl::memory::desc& x,
                                                     const Shape& input, const TensorType& y, bool training) {
  const Geometry g = GeometryOf(a, input, y.shape);
  return {dnnl::pooling_v2_forward::desc(
              training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference, Algorithm(a), x,
              onednn::Any(y), g.strides, g.kernel, g.dilation, g.pad_begin, g.pad_end),
          onednn::Attributes(), onednn::Engine()};
}

// With padding counted, oneDNN always divides by the whole kernel: not the operator's rule for a window that rounding
// up lets reach beyond the padding.
bool Supported(const PoolAttributes& a, const TensorType& type, const Geometry& g) {
  if (type.dtype != DType::kF32 && type.dtype != DType::kBF16) return false;
  return !a.count_padding || (g.pad_end[0] <= a.pad_h && g.pad_end[1] <= a.pad_w);
}

using Tag = dnnl::memory::format_tag;
constexpr Tag kTags[] = {Tag::nchw, Tag::nChw16c, Tag::nChw8c, Tag::nhwc};

dnnl::memory::desc Tagged(const TensorType& type, Tag tag) {
  return {onednn::Dims(type.shape), onednn::DataType(type.dtype), tag};
}

// The tag under which `dy` lies.
std::optional<Tag> FindTag(const TensorType& dy, const Layout& layout) {
  for (Tag tag : kTags) {
    if (ToLayout(Tagged(dy, tag), dy.shape).ToString() == layout.ToString()) return tag;
  }
  return std::nullopt;
}

}  // namespace

std::optional<KernelChoice> MakeOneDnnAveragePool(const KernelRequest& request) {
  const auto& op = static_cast<const PoolOp&>(*request.op);
  if (!Supported(op.attributes(), request.inputs[0],
                 GeometryOf(op.attributes(), request.inputs[0].shape, request.outputs[0].shape))) {
    return std::nullopt;
  }
  try {
    const dnnl::memory::desc x = onednn::Describe(request.inputs[0], request.input_layouts[0]);
    const auto desc = ForwardDesc(op.attributes(), x, request.inputs[0].shape, request.outputs[0], op.has_argmax());
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts = {request.input_layouts[0]};
    choice.output_layouts = {ToLayout(desc.dst_desc(), request.outputs[0].shape)};
    onednn::SetPrimitive(&choice, dnnl::pooling_v2_forward(desc), desc,
                         {{DNNL_ARG_SRC, desc.src_desc(), Argument::Source::kInput, 0},
                          {DNNL_ARG_DST, desc.dst_desc(), Argument::Source::kOutput, 0}});
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

std::optional<KernelChoice> MakeOneDnnAveragePoolBackward(const KernelRequest& request) {
  const PoolAttributes& a = static_cast<const PoolBackwardOp&>(*request.op).attributes();
  const TensorType &dy = request.inputs[0], &dx = request.outputs[0];
  const Geometry g = GeometryOf(a, dx.shape, dy.shape);
  if (!Supported(a, dy, g)) return std::nullopt;
  const std::optional<Tag> tag = FindTag(dy, request.input_layouts[0]);
  if (!tag.has_value()) return std::nullopt;
  try {
    const dnnl::memory::desc dy_desc = Tagged(dy, *tag), dx_desc = Tagged(dx, *tag);
    const auto forward = ForwardDesc(a, dx_desc, dx.shape, dy, true);
    const dnnl::pooling_v2_backward::primitive_desc desc(
        dnnl::pooling_v2_backward::desc(Algorithm(a), dx_desc, dy_desc, g.strides, g.kernel, g.dilation, g.pad_begin,
                                        g.pad_end),
        onednn::Attributes(), onednn::Engine(), forward);
    KernelChoice choice;
    choice.input_layouts = {ToLayout(dy_desc, dy.shape)};
    choice.output_layouts = {ToLayout(desc.diff_src_desc(), dx.shape)};
    onednn::SetPrimitive(&choice, dnnl::pooling_v2_backward(desc), desc,
                         {{DNNL_ARG_DIFF_DST, desc.diff_dst_desc(), Argument::Source::kInput, 0},
                          {DNNL_ARG_DIFF_SRC, desc.diff_src_desc(), Argument::Source::kOutput, 0}});
    return choice;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace espalier
