#include "layers/dense/conv.h"

#include "absl/strings/str_cat.h"
#include "core/ops/convolution.h"
#include "layers/initializer.h"

namespace espalier {

absl::StatusOr<ValueId> MakeConv(const Conv& conv, LayerContext& context) {
  ConvolutionAttributes attributes;
  attributes.stride_h = conv.has_stride_h() ? conv.stride_h() : conv.stride();
  attributes.stride_w = conv.has_stride_w() ? conv.stride_w() : conv.stride();
  attributes.pad_h = conv.has_pad_h() ? conv.pad_h() : conv.pad();
  attributes.pad_w = conv.has_pad_w() ? conv.pad_w() : conv.pad();
  attributes.dilation_h = attributes.dilation_w = conv.dilation();
  attributes.groups = conv.groups();
  const int64_t kernel_h = conv.has_kernel_h() ? conv.kernel_h() : conv.kernel();
  const int64_t kernel_w = conv.has_kernel_w() ? conv.kernel_w() : conv.kernel();

  context.ExpectInputs(1);
  context.ExpectRank(4);
  RETURN_IF_ERROR(context.Check());
  const int64_t in_channels = context.input_shape()[1];
  if (in_channels % conv.groups() != 0) {
    context.Complain(
        "groups", absl::StrCat("expected a divisor of the input's ", in_channels, " channels, found ", conv.groups()));
  }
  RETURN_IF_ERROR(context.Check());

  const int64_t group_channels = in_channels / conv.groups();
  const Shape weight_shape = {conv.channels(), group_channels, kernel_h, kernel_w};
  RETURN_IF_ERROR(CheckSize(weight_shape));
  const Fan fan = {group_channels * kernel_h * kernel_w, conv.channels() / conv.groups() * kernel_h * kernel_w};
  ASSIGN_OR_RETURN(const ValueId weight, context.AddParameter("weight", weight_shape, ParameterRole::kWeight,
                                                              WeightInit(conv.weight_init(), fan)));
  std::vector<ValueId> inputs = {context.input(), weight};
  if (conv.bias()) {
    ASSIGN_OR_RETURN(const ValueId bias, context.AddParameter("bias", {conv.channels()}, ParameterRole::kBias,
                                                              BiasInit(conv.bias_init(), fan)));
    inputs.push_back(bias);
  }
  return context.Emit1(std::make_shared<ConvolutionOp>(attributes), std::move(inputs));
}

}  // namespace espalier
