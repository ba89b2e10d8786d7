#include "core/kernels/elementwise_kernels.h"

#include "core/kernels/kernel_testing.h"
#include "core/ops/elementwise.h"
#include "core/ops/operator_testing.h"
#include "core/ops/round.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(ElementwiseKernelsTest);

// Below, at and above one vector; several unrolled steps; several threads with an odd end.
constexpr int64_t kSizes[] = {0, 1, 7, 16, 33, 64, 257, 20001};

using UnaryKernel = void (*)(DType, const void*, void*, int64_t);
using BinaryKernel = void (*)(DType, const void*, const void*, void*, int64_t);

// x with special values -> kernel(x), beside the reference; in place too.
template <typename Check>
void CheckUnary(const Operator& op, const std::vector<Tensor>& more_inputs, UnaryKernel kernel, Check check) {
  for (DType dtype : kFloatTypes) {
    for (int64_t n : kSizes) {
      const Tensor x = RandomTensor(dtype, {n}, 1, -12, 12), y(dtype, {n});
      AddSpecialValues(x);
      std::vector<Tensor> inputs = {x};
      inputs.insert(inputs.end(), more_inputs.begin(), more_inputs.end());
      const Tensor expected = RunReference(op, inputs)[0];
      kernel(dtype, x.raw(), y.raw(), n);
      EXPECT_TRUE(check(y, expected)) << op.kind() << " " << Name(dtype) << " " << n;
      kernel(dtype, x.raw(), x.raw(), n);
      EXPECT_TRUE(SameValues(x, y)) << op.kind() << " in place " << Name(dtype) << " " << n;
    }
  }
}

void CheckBinary(const Operator& op, BinaryKernel kernel) {
  for (DType dtype : kFloatTypes) {
    for (int64_t n : kSizes) {
      const Tensor a = RandomTensor(dtype, {n}, 1), b = RandomTensor(dtype, {n}, 2), y(dtype, {n});
      AddSpecialValues(a);
      const Tensor expected = RunReference(op, {a, b})[0];
      kernel(dtype, a.raw(), b.raw(), y.raw(), n);
      EXPECT_TRUE(SameValues(y, expected)) << op.kind() << " " << Name(dtype) << " " << n;
      for (int overwritten = 0; overwritten < 2; ++overwritten) {
        const Tensor copies[] = {a.Copy(), b.Copy()};
        kernel(dtype, copies[0].raw(), copies[1].raw(), copies[overwritten].raw(), n);
        EXPECT_TRUE(SameValues(copies[overwritten], y)) << op.kind() << " in place of input " << overwritten;
      }
    }
  }
}

TEST_P(ElementwiseKernelsTest, BinaryFunctionsEqualTheReference) {
  CheckBinary(AddOp(), Add);
  CheckBinary(AddOp(true), AddRelu);
  CheckBinary(MultiplyOp(), Multiply);
  CheckBinary(ActivationBackwardOp(Activation::kRelu), ReluBackward);
  CheckBinary(ActivationBackwardOp(Activation::kSigmoid), SigmoidBackward);
  CheckBinary(ActivationBackwardOp(Activation::kTanh), TanhBackward);
  CheckBinary(ActivationBackwardOp(Activation::kLeakyRelu, 0.1f),
              [](DType dtype, const void* y, const void* dy, void* dx, int64_t n) {
                LeakyReluBackward(dtype, y, dy, 0.1f, dx, n);
              });
}

TEST_P(ElementwiseKernelsTest, UnaryFunctionsEqualTheReference) {
  CheckUnary(ActivationOp(Activation::kRelu), {}, Relu, SameValues);
  CheckUnary(
      ActivationOp(Activation::kLeakyRelu, 0.1f), {},
      [](DType dtype, const void* x, void* y, int64_t n) { LeakyRelu(dtype, x, 0.1f, y, n); }, SameValues);
  CheckUnary(
      ScaleOp(), {F32({}, {0.3f})}, [](DType dtype, const void* x, void* y, int64_t n) { Scale(dtype, x, 0.3f, y, n); },
      SameValues);
}

TEST_P(ElementwiseKernelsTest, SigmoidAndTanhAreAccurate) {
  const auto near = [](const Tensor& y, const Tensor& expected) { return NearValues(y, expected, 5e-7f); };
  CheckUnary(ActivationOp(Activation::kSigmoid), {}, Sigmoid, near);
  CheckUnary(ActivationOp(Activation::kTanh), {}, Tanh, near);
}

TEST_P(ElementwiseKernelsTest, CastRoundsAsTheReference) {
  for (DType from : kFloatTypes) {
    for (DType to : kFloatTypes) {
      for (int64_t n : kSizes) {
        const Tensor x = RandomTensor(from, {n}, 3, -70000, 70000), y(to, {n});
        AddSpecialValues(x);
        Cast(from, x.raw(), to, y.raw(), n);
        EXPECT_TRUE(SameValues(y, RunReference(CastOp(to), {x})[0])) << Name(from) << " to " << Name(to) << " " << n;
      }
    }
  }
}

TEST_P(ElementwiseKernelsTest, RoundKeepsTheGridOfTheNarrowType) {
  for (DType grid : {DType::kBF16, DType::kF16}) {
    for (int64_t n : kSizes) {
      const Tensor x = RandomTensor(DType::kF32, {n}, 3, -70000, 70000), y(DType::kF32, {n});
      AddSpecialValues(x);
      Round(grid, x.data<float>(), y.data<float>(), n);
      EXPECT_TRUE(SameValues(y, RunReference(RoundOp(grid), {x})[0])) << Name(grid) << " " << n;
      Round(grid, x.data<float>(), x.data<float>(), n);
      EXPECT_TRUE(SameValues(x, y)) << "in place";
    }
  }
}

// Every bf16 and f16 through f32 and back, and f32 values that fall between two neighbours of the narrow type.
TEST_P(ElementwiseKernelsTest, CastCoversEveryHalf) {
  for (DType narrow : {DType::kBF16, DType::kF16}) {
    const Tensor all(narrow, {1 << 16}), wide(DType::kF32, {1 << 16}), back(narrow, {1 << 16});
    uint16_t* bits = reinterpret_cast<uint16_t*>(all.raw());
    for (int i = 0; i < 1 << 16; ++i) bits[i] = static_cast<uint16_t>(i);
    Cast(narrow, all.raw(), DType::kF32, wide.raw(), 1 << 16);
    EXPECT_TRUE(SameValues(wide, RunReference(CastOp(DType::kF32), {all})[0])) << Name(narrow);
    Cast(DType::kF32, wide.raw(), narrow, back.raw(), 1 << 16);
    EXPECT_TRUE(SameValues(back, all)) << Name(narrow);
    for (int64_t i = 0; i + 1 < 1 << 16; ++i)
      wide.data<float>()[i] = (wide.data<float>()[i] + wide.data<float>()[i + 1]) / 2;
    Cast(DType::kF32, wide.raw(), narrow, back.raw(), 1 << 16);
    EXPECT_TRUE(SameValues(back, RunReference(CastOp(narrow), {wide})[0])) << Name(narrow);
  }
}

}  // namespace
}  // namespace espalier
