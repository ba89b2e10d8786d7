#include "core/ops/convolution.h"
#include "core/ops/op_cases.h"

namespace espalier {
namespace {

enum Extras { kPlain, kBias, kBiasRelu };

OpCase Case(std::string name, ConvolutionAttributes attributes, Shape x, Shape weights, Extras extras = kPlain) {
  OpCase op_case{"convolution/" + std::move(name), std::make_shared<ConvolutionOp>(attributes, extras == kBiasRelu)};
  op_case.inputs = {Data(x), Data(weights)};
  if (extras != kPlain) op_case.inputs.push_back(F32Only({weights[0]}));
  if (extras == kBiasRelu) op_case.before_relu = std::make_shared<ConvolutionOp>(attributes);
  return op_case;
}

ConvolutionAttributes Square(int64_t stride, int64_t pad, int64_t dilation = 1, int64_t groups = 1) {
  return {stride, stride, pad, pad, dilation, dilation, groups};
}

}  // namespace

std::vector<OpCase> ConvolutionCases() {
  return {
      Case("one_by_one", Square(1, 0), {2, 16, 5, 5}, {16, 16, 1, 1}),
      Case("three_by_three", Square(1, 1), {2, 16, 4, 5}, {32, 16, 3, 3}, kBias),
      Case("relu", Square(1, 1), {2, 4, 6, 6}, {16, 4, 3, 3}, kBiasRelu),
      Case("first_layer", Square(2, 3), {1, 3, 16, 16}, {16, 3, 7, 7}),
      Case("lenet_first", Square(1, 0), {2, 1, 12, 12}, {20, 1, 5, 5}, kBias),
      Case("lenet_second", Square(1, 0), {1, 20, 6, 6}, {50, 20, 5, 5}, kBiasRelu),
      Case("stride_leaves_a_column", Square(2, 0), {2, 8, 8, 8}, {8, 8, 3, 3}),
      Case("strided_shortcut", Square(2, 0), {2, 16, 6, 6}, {32, 16, 1, 1}),
      Case("strided_padded", Square(2, 1), {2, 16, 7, 7}, {16, 16, 3, 3}),
      Case("wide_padding", Square(1, 2), {2, 3, 4, 4}, {5, 3, 3, 3}, kBias),
      Case("rectangular", {1, 1, 0, 3, 1, 1, 1}, {1, 8, 5, 9}, {8, 8, 1, 7}),
      Case("rectangular_stride", {2, 1, 1, 0, 1, 1, 1}, {1, 8, 7, 6}, {8, 8, 3, 2}, kBias),
      Case("dilated", Square(1, 2, 2), {2, 8, 7, 7}, {8, 8, 3, 3}),
      Case("dilated_strided", Square(2, 3, 3), {1, 3, 11, 11}, {4, 3, 3, 3}, kBias),
      Case("groups", Square(1, 1, 1, 2), {2, 32, 3, 4}, {32, 16, 3, 3}, kBias),
      Case("odd_groups", Square(1, 0, 1, 3), {2, 9, 5, 5}, {6, 3, 3, 3}),
      Case("depthwise", Square(1, 1, 1, 16), {2, 16, 5, 5}, {16, 1, 3, 3}),
      Case("depthwise_multiplier", Square(2, 1, 1, 8), {2, 8, 5, 5}, {16, 1, 3, 3}, kBias),
      Large(Case("resnet_64x32", Square(1, 1), {32, 64, 32, 32}, {64, 64, 3, 3})),
      Large(Case("resnet_128x16", Square(1, 1), {32, 128, 16, 16}, {128, 128, 3, 3})),
      Large(Case("resnet_512x4", Square(1, 1), {32, 512, 4, 4}, {512, 512, 3, 3})),
      Large(Case("resnet20_16x32", Square(1, 1), {128, 16, 32, 32}, {16, 16, 3, 3})),
      Large(Case("resnet20_32x16_strided", Square(2, 1), {128, 16, 32, 32}, {32, 16, 3, 3})),
      Large(Case("resnet50_one_by_one", Square(1, 0), {8, 256, 28, 28}, {128, 256, 1, 1})),
      Large(Case("imagenet_stem", Square(2, 3), {8, 3, 224, 224}, {64, 3, 7, 7})),
      Large(Case("alexnet_groups", Square(1, 2, 1, 2), {8, 96, 27, 27}, {256, 48, 5, 5}, kBiasRelu)),
      Large(Case("depthwise_wide", Square(1, 1, 1, 128), {32, 128, 28, 28}, {128, 1, 3, 3})),
  };
}

}  // namespace espalier
