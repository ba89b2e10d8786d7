#include "core/ops/op_cases.h"
#include "core/ops/pool.h"

namespace espalier {
namespace {

PoolAttributes Square(bool max, int64_t kernel, int64_t stride, int64_t pad, bool ceil = false,
                      bool count_padding = false) {
  return {max, kernel, kernel, stride, stride, pad, pad, ceil, count_padding};
}

OpCase Case(std::string name, PoolAttributes attributes, Shape x, bool training = true) {
  const std::string kind = attributes.max ? "max_pool/" : "average_pool/";
  OpCase op_case{kind + name, std::make_shared<PoolOp>(attributes, training)};
  op_case.inputs = {Data(x, attributes.max ? Fill::kDistinct : Fill::kUniform)};
  // Where windows overlap, kernels sum their gradients in the storage type.
  if (attributes.kernel_h > attributes.stride_h || attributes.kernel_w > attributes.stride_w) op_case.roundings = 4;
  if (attributes.max && !training) op_case.inputs = {Constant(op_case.inputs[0])};
  return op_case;
}

OpCase Ties(std::string name, PoolAttributes attributes, Shape x) {
  OpCase op_case = Case(std::move(name), attributes, x);
  op_case.inputs = {Data(x, Fill::kTies)};
  op_case.has_derivatives = false;
  return op_case;
}

}  // namespace

std::vector<OpCase> PoolCases() {
  const bool max = true, average = false, ceil = true, count_padding = true, inference = false;
  return {
      Case("halving", Square(max, 2, 2, 0), {2, 16, 6, 6}),
      Case("overlapping", Square(max, 3, 2, 0), {2, 5, 7, 7}),
      Case("padded", Square(max, 3, 2, 1), {2, 16, 8, 8}),
      Case("same_size", Square(max, 3, 1, 1), {1, 3, 6, 6}),
      Case("ceil", Square(max, 3, 2, 0, ceil), {1, 16, 6, 6}),
      Case("ceil_drops_the_last_window", Square(max, 2, 2, 1, ceil), {1, 3, 3, 3}),
      Case("odd_remainder", Square(max, 2, 2, 0), {2, 3, 7, 5}),
      Case("rectangular", {max, 1, 3, 2, 1, 0, 1}, {1, 4, 5, 6}),
      Case("gaps_between_windows", Square(max, 2, 3, 0), {1, 3, 8, 8}),
      Ties("ties", Square(max, 3, 2, 1), {2, 16, 8, 8}),
      Ties("ties_odd_channels", Square(max, 2, 2, 0), {2, 5, 6, 6}),
      Ties("ties_same_size", Square(max, 3, 1, 1), {2, 16, 6, 6}),
      Case("inference", Square(max, 3, 2, 1), {2, 16, 8, 8}, inference),
      Case("inference_ceil", Square(max, 3, 2, 0, ceil), {1, 5, 6, 6}, inference),
      Case("halving", Square(average, 2, 2, 0), {2, 16, 6, 6}),
      Case("global", {average, 4, 5, 1, 1, 0, 0}, {3, 16, 4, 5}),
      Case("padded", Square(average, 3, 1, 1), {1, 5, 5, 5}),
      Case("count_padding", Square(average, 3, 1, 1, false, count_padding), {1, 16, 5, 5}),
      Case("ceil", Square(average, 3, 2, 0, ceil), {1, 3, 6, 6}),
      Case("ceil_padded", Square(average, 3, 2, 1, ceil), {1, 3, 6, 6}),
      Case("ceil_count_padding", Square(average, 3, 2, 1, ceil, count_padding), {1, 3, 6, 6}),
      Case("rectangular", {average, 3, 1, 1, 2, 1, 0}, {1, 4, 5, 6}),
      Case("inference", Square(average, 2, 2, 0), {2, 16, 6, 6}, inference),
      Large(Case("imagenet", Square(max, 3, 2, 1), {8, 64, 112, 112})),
      Large(Case("lenet5", Square(max, 2, 2, 0), {64, 20, 24, 24})),
      Large(Case("inception", Square(average, 3, 1, 1), {8, 192, 35, 35})),
      Large(Case("resnet_global", Square(average, 4, 1, 0), {128, 512, 4, 4})),
  };
}

}  // namespace espalier
