#include "core/ops/convolution.h"

#include "core/onednn/common.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

using onednn::Any;
using onednn::Argument;
using onednn::Dims;
using onednn::ToLayout;

struct Geometry {
  std::vector<int64_t> strides, dilations, pad_begin, pad_end;
};

// oneDNN counts dilation from 0, and takes the padding that the output size implies.
Geometry GeometryOf(const ConvolutionAttributes& a, const Shape& input, const Shape& weights, const Shape& output) {
  const auto pad_end = [](int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
    return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - pad;
  };
  return {{a.stride_h, a.stride_w},
          {a.dilation_h - 1, a.dilation_w - 1},
          {a.pad_h, a.pad_w},
          {pad_end(input[2], output[2], weights[2], a.stride_h, a.pad_h, a.dilation_h),
           pad_end(input[3], output[3], weights[3], a.stride_w, a.pad_w, a.dilation_w)}};
}

// Winograd's F(4x4, 3x3) (Lavin and Gray 2016) does 3x3 convolutions of stride 1 with 4 times fewer multiplications. It
// wins where the channels are many enough to outweigh its transforms: a training step of ResNet-18 is 1.6 times faster
// with it from 32 channels on, one of ResNet-20 1.13 times (and slower than without it from 16 on). Its largest error
// at 32 to 128 channels is 0.5e-5 to 1.2e-5 of the outputs' root mean square, against the direct kernels' 0.3e-5.
dnnl::algorithm ChooseAlgorithm(const ConvolutionAttributes& a, DType dtype, const Shape& weights) {
  constexpr int64_t kFewestChannels = 32;
  const bool fits = dtype == DType::kF32 && weights[2] == 3 && weights[3] == 3 && a.stride_h == 1 && a.stride_w == 1 &&
                    a.dilation_h == 1 && a.dilation_w == 1 && a.groups == 1 && a.pad_h <= 1 && a.pad_w <= 1 &&
                    weights[0] >= kFewestChannels && weights[1] >= kFewestChannels;
  return fits ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct;
}

// Makes a choice with the preferred algorithm, with the direct one where oneDNN has no such kernel.
template <class Make>
std::optional<KernelChoice> WithAlgorithm(dnnl::algorithm preferred, const Make& make) {
  for (dnnl::algorithm algorithm : {preferred, dnnl::algorithm::convolution_direct}) {
    try {
      if (std::optional<KernelChoice> choice = make(algorithm)) return choice;
    } catch (const dnnl::error&) {
    }
  }
  return std::nullopt;
}

std::vector<int64_t> WeightDims(const Shape& weights, int64_t groups) {
  if (groups == 1) return Dims(weights);
  return {groups, weights[0] / groups, weights[1], weights[2], weights[3]};
}

// Layouts of grouped weights have five dimensions; the plan's tensors have four. They are kept as a layout of the
// five-dimensional view, which reorders know how to read.
Layout WeightLayout(const dnnl::memory::desc& desc, const Shape& weights, int64_t groups) {
  const std::vector<int64_t> dims = WeightDims(weights, groups);
  return ToLayout(desc, Shape(absl::Span<const int64_t>(dims)));
}

dnnl::convolution_forward::primitive_desc ForwardDesc(const ConvolutionAttributes& a, const TensorType& x,
                                                      const TensorType& weights, const TensorType& y, bool bias,
                                                      bool relu, dnnl::algorithm algorithm) {
  const Geometry g = GeometryOf(a, x.shape, weights.shape, y.shape);
  const dnnl::memory::desc w = Any(weights.dtype, WeightDims(weights.shape, a.groups));
  const auto kind = dnnl::prop_kind::forward_training;
  const dnnl::convolution_forward::desc desc =
      bias ? dnnl::convolution_forward::desc(kind, algorithm, Any(x), w, onednn::Plain(DType::kF32, {y.shape[1]}),
                                             Any(y), g.strides, g.dilations, g.pad_begin, g.pad_end)
           : dnnl::convolution_forward::desc(kind, algorithm, Any(x), w, Any(y), g.strides, g.dilations, g.pad_begin,
                                             g.pad_end);
  return {desc, onednn::ReluAttributes(relu), onednn::Engine()};
}

}  // namespace

std::optional<KernelChoice> MakeOneDnnConvolution(const KernelRequest& request) {
  const auto& op = static_cast<const ConvolutionOp&>(*request.op);
  const TensorType &x = request.inputs[0], &weights = request.inputs[1], &y = request.outputs[0];
  const bool bias = request.inputs.size() == 3;
  if (x.dtype == DType::kF16) return std::nullopt;
  const auto make = [&](dnnl::algorithm algorithm) -> std::optional<KernelChoice> {
    const auto desc = ForwardDesc(op.attributes(), x, weights, y, bias, op.relu(), algorithm);
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts = {ToLayout(desc.src_desc(), x.shape),
                            WeightLayout(desc.weights_desc(), weights.shape, op.attributes().groups)};
    choice.output_layouts = {ToLayout(desc.dst_desc(), y.shape)};
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, desc.src_desc(), Argument::Source::kInput, 0},
                                       {DNNL_ARG_WEIGHTS, desc.weights_desc(), Argument::Source::kInput, 1},
                                       {DNNL_ARG_DST, desc.dst_desc(), Argument::Source::kOutput, 0}};
    if (bias) {
      choice.input_layouts.push_back(Layout());
      arguments.push_back({DNNL_ARG_BIAS, desc.bias_desc(), Argument::Source::kInput, 2});
    }
    onednn::SetPrimitive(&choice, dnnl::convolution_forward(desc), desc, std::move(arguments));
    return choice;
  };
  return WithAlgorithm(ChooseAlgorithm(op.attributes(), x.dtype, weights.shape), make);
}

std::optional<KernelChoice> MakeOneDnnConvolutionBackwardData(const KernelRequest& request) {
  const auto& op = static_cast<const ConvolutionBackwardDataOp&>(*request.op);
  const ConvolutionAttributes& a = op.attributes();
  const TensorType &dy = request.inputs[0], &weights = request.inputs[1], &dx = request.outputs[0];
  if (dy.dtype == DType::kF16) return std::nullopt;
  const Geometry g = GeometryOf(a, dx.shape, weights.shape, dy.shape);
  const auto make = [&](dnnl::algorithm algorithm) -> std::optional<KernelChoice> {
    const dnnl::convolution_backward_data::primitive_desc desc(
        dnnl::convolution_backward_data::desc(algorithm, Any(dx),
                                              Any(weights.dtype, WeightDims(weights.shape, a.groups)), Any(dy),
                                              g.strides, g.dilations, g.pad_begin, g.pad_end),
        onednn::Attributes(), onednn::Engine(), ForwardDesc(a, dx, weights, dy, false, false, algorithm));
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts = {ToLayout(desc.diff_dst_desc(), dy.shape),
                            WeightLayout(desc.weights_desc(), weights.shape, a.groups)};
    choice.output_layouts = {ToLayout(desc.diff_src_desc(), dx.shape)};
    onednn::SetPrimitive(&choice, dnnl::convolution_backward_data(desc), desc,
                         {{DNNL_ARG_DIFF_DST, desc.diff_dst_desc(), Argument::Source::kInput, 0},
                          {DNNL_ARG_WEIGHTS, desc.weights_desc(), Argument::Source::kInput, 1},
                          {DNNL_ARG_DIFF_SRC, desc.diff_src_desc(), Argument::Source::kOutput, 0}});
    return choice;
  };
  return WithAlgorithm(ChooseAlgorithm(a, dy.dtype, weights.shape), make);
}

std::optional<KernelChoice> MakeOneDnnConvolutionBackwardWeights(const KernelRequest& request) {
  const auto& op = static_cast<const ConvolutionBackwardWeightsOp&>(*request.op);
  const ConvolutionAttributes& a = op.attributes();
  const TensorType &x = request.inputs[0], &dy = request.inputs[1], &dweights = request.outputs[0];
  if (x.dtype == DType::kF16) return std::nullopt;
  const Geometry g = GeometryOf(a, x.shape, dweights.shape, dy.shape);
  const dnnl::memory::desc dw = Any(DType::kF32, WeightDims(dweights.shape, a.groups));
  const auto make = [&](dnnl::algorithm algorithm) -> std::optional<KernelChoice> {
    using Desc = dnnl::convolution_backward_weights::desc;
    const Desc raw = op.bias() ? Desc(algorithm, Any(x), dw, onednn::Plain(DType::kF32, {dy.shape[1]}), Any(dy),
                                      g.strides, g.dilations, g.pad_begin, g.pad_end)
                               : Desc(algorithm, Any(x), dw, Any(dy), g.strides, g.dilations, g.pad_begin, g.pad_end);
    const dnnl::convolution_backward_weights::primitive_desc desc(
        raw, onednn::Attributes(), onednn::Engine(),
        ForwardDesc(a, x, {x.dtype, dweights.shape}, dy, op.bias(), false, algorithm));
    if (onednn::IsReference(desc.impl_info_str())) return std::nullopt;
    KernelChoice choice;
    choice.input_layouts = {ToLayout(desc.src_desc(), x.shape), ToLayout(desc.diff_dst_desc(), dy.shape)};
    choice.output_layouts = {WeightLayout(desc.diff_weights_desc(), dweights.shape, a.groups)};
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, desc.src_desc(), Argument::Source::kInput, 0},
                                       {DNNL_ARG_DIFF_DST, desc.diff_dst_desc(), Argument::Source::kInput, 1},
                                       {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc(), Argument::Source::kOutput, 0}};
    if (op.bias()) {
      choice.output_layouts.push_back(Layout());
      arguments.push_back({DNNL_ARG_DIFF_BIAS, desc.diff_bias_desc(), Argument::Source::kOutput, 1});
    }
    onednn::SetPrimitive(&choice, dnnl::convolution_backward_weights(desc), desc, std::move(arguments));
    return choice;
  };
  return WithAlgorithm(ChooseAlgorithm(a, x.dtype, dweights.shape), make);
}

}  // namespace espalier
