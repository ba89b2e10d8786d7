#include "core/kernels/elementwise_kernels.h"

#include <cstring>

#include "core/kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/elementwise_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/storage-inl.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
// clang-format on

#ifndef ESPALIER_CORE_KERNELS_ELEMENTWISE_FUNCTIONS_
#define ESPALIER_CORE_KERNELS_ELEMENTWISE_FUNCTIONS_
namespace espalier {
namespace {

enum class UnaryFunction { kScale, kRelu, kLeakyRelu, kSigmoid, kTanh };
enum class BinaryFunction {
  kAdd,
  kAddRelu,
  kMultiply,
  kReluBackward,
  kLeakyReluBackward,
  kSigmoidBackward,
  kTanhBackward
};

}  // namespace
}  // namespace espalier
#endif  // ESPALIER_CORE_KERNELS_ELEMENTWISE_FUNCTIONS_

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// In this order Max returns x when it is NaN.
HWY_INLINE V ReluOf(V x) { return hn::Max(hn::Zero(D()), x); }

// From exp(-|x|), which cannot overflow: 1 / (1 + e) for x >= 0, e / (1 + e) below.
HWY_INLINE V SigmoidOf(V x) {
  const D d;
  const V one = hn::Set(d, 1);
  const V e = hn::Exp(d, hn::Neg(hn::Abs(x)));
  const V y = hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

HWY_INLINE V TanhOf(V x) {
  const D d;
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
}

template <UnaryFunction kFunction>
HWY_INLINE V Apply(V x, V parameter) {
  const D d;
  switch (kFunction) {
    case UnaryFunction::kScale:
      return hn::Mul(parameter, x);
    case UnaryFunction::kRelu:
      return ReluOf(x);
    case UnaryFunction::kLeakyRelu:
      return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(parameter, x), x);
    case UnaryFunction::kSigmoid:
      return SigmoidOf(x);
    case UnaryFunction::kTanh:
      return TanhOf(x);
  }
}

// For the gradients, a is y and b is dy.
template <BinaryFunction kFunction>
HWY_INLINE V Apply(V a, V b, V parameter) {
  const D d;
  switch (kFunction) {
    case BinaryFunction::kAdd:
      return hn::Add(a, b);
    case BinaryFunction::kAddRelu:
      return ReluOf(hn::Add(a, b));
    case BinaryFunction::kMultiply:
      return hn::Mul(a, b);
    case BinaryFunction::kReluBackward:
      return hn::IfThenElseZero(hn::Gt(a, hn::Zero(d)), b);
    case BinaryFunction::kLeakyReluBackward:
      return hn::IfThenElse(hn::Gt(a, hn::Zero(d)), b, hn::Mul(parameter, b));
    case BinaryFunction::kSigmoidBackward:
      return hn::Mul(b, hn::Mul(a, hn::Sub(hn::Set(d, 1), a)));
    case BinaryFunction::kTanhBackward:
      return hn::Mul(b, hn::Sub(hn::Set(d, 1), hn::Mul(a, a)));
  }
}

// y[i] = function(x[i]); the last, partial vector goes through a buffer.
template <typename From, typename To, class Function>
HWY_INLINE void MapUnary(const From* x, To* y, int64_t n, const Function& function) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    const V x0 = LoadF32(d, x + i), x1 = LoadF32(d, x + i + lanes);
    const V x2 = LoadF32(d, x + i + 2 * lanes), x3 = LoadF32(d, x + i + 3 * lanes);
    StoreF32(d, function(x0), y + i);
    StoreF32(d, function(x1), y + i + lanes);
    StoreF32(d, function(x2), y + i + 2 * lanes);
    StoreF32(d, function(x3), y + i + 3 * lanes);
  }
  for (; i + lanes <= n; i += lanes) StoreF32(d, function(LoadF32(d, x + i)), y + i);
  if (i == n) return;
  From x_buffer[hn::MaxLanes(d)] = {};
  To y_buffer[hn::MaxLanes(d)];
  std::memcpy(x_buffer, x + i, (n - i) * sizeof(From));
  StoreF32(d, function(LoadF32(d, x_buffer)), y_buffer);
  std::memcpy(y + i, y_buffer, (n - i) * sizeof(To));
}

template <typename T, class Function>
HWY_INLINE void MapBinary(const T* a, const T* b, T* y, int64_t n, const Function& function) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const V a0 = LoadF32(d, a + i), a1 = LoadF32(d, a + i + lanes);
    const V b0 = LoadF32(d, b + i), b1 = LoadF32(d, b + i + lanes);
    StoreF32(d, function(a0, b0), y + i);
    StoreF32(d, function(a1, b1), y + i + lanes);
  }
  for (; i + lanes <= n; i += lanes) StoreF32(d, function(LoadF32(d, a + i), LoadF32(d, b + i)), y + i);
  if (i == n) return;
  T a_buffer[hn::MaxLanes(d)] = {}, b_buffer[hn::MaxLanes(d)] = {}, y_buffer[hn::MaxLanes(d)];
  std::memcpy(a_buffer, a + i, (n - i) * sizeof(T));
  std::memcpy(b_buffer, b + i, (n - i) * sizeof(T));
  StoreF32(d, function(LoadF32(d, a_buffer), LoadF32(d, b_buffer)), y_buffer);
  std::memcpy(y + i, y_buffer, (n - i) * sizeof(T));
}

template <UnaryFunction kFunction, typename T>
void UnaryAs(const T* x, float parameter, T* y, int64_t n) {
  const V parameters = hn::Set(D(), parameter);
  MapUnary(x, y, n, [&](V value) HWY_ATTR { return Apply<kFunction>(value, parameters); });
}

template <BinaryFunction kFunction, typename T>
void BinaryAs(const T* a, const T* b, float parameter, T* y, int64_t n) {
  const V parameters = hn::Set(D(), parameter);
  MapBinary(a, b, y, n, [&](V left, V right) HWY_ATTR { return Apply<kFunction>(left, right, parameters); });
}

template <typename T>
void UnaryOfType(UnaryFunction function, const void* from, float parameter, void* to, int64_t n) {
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  switch (function) {
    case UnaryFunction::kScale:
      return UnaryAs<UnaryFunction::kScale>(x, parameter, y, n);
    case UnaryFunction::kRelu:
      return UnaryAs<UnaryFunction::kRelu>(x, parameter, y, n);
    case UnaryFunction::kLeakyRelu:
      return UnaryAs<UnaryFunction::kLeakyRelu>(x, parameter, y, n);
    case UnaryFunction::kSigmoid:
      return UnaryAs<UnaryFunction::kSigmoid>(x, parameter, y, n);
    case UnaryFunction::kTanh:
      return UnaryAs<UnaryFunction::kTanh>(x, parameter, y, n);
  }
}

template <typename T>
void BinaryOfType(BinaryFunction function, const void* left, const void* right, float parameter, void* to, int64_t n) {
  const T *a = static_cast<const T*>(left), *b = static_cast<const T*>(right);
  T* y = static_cast<T*>(to);
  switch (function) {
    case BinaryFunction::kAdd:
      return BinaryAs<BinaryFunction::kAdd>(a, b, parameter, y, n);
    case BinaryFunction::kAddRelu:
      return BinaryAs<BinaryFunction::kAddRelu>(a, b, parameter, y, n);
    case BinaryFunction::kMultiply:
      return BinaryAs<BinaryFunction::kMultiply>(a, b, parameter, y, n);
    case BinaryFunction::kReluBackward:
      return BinaryAs<BinaryFunction::kReluBackward>(a, b, parameter, y, n);
    case BinaryFunction::kLeakyReluBackward:
      return BinaryAs<BinaryFunction::kLeakyReluBackward>(a, b, parameter, y, n);
    case BinaryFunction::kSigmoidBackward:
      return BinaryAs<BinaryFunction::kSigmoidBackward>(a, b, parameter, y, n);
    case BinaryFunction::kTanhBackward:
      return BinaryAs<BinaryFunction::kTanhBackward>(a, b, parameter, y, n);
  }
}

template <typename From>
void CastFrom(const void* x, DType to, void* y, int64_t n) {
  const From* from = static_cast<const From*>(x);
  const auto same = [](V value) HWY_ATTR { return value; };
  if (to == DType::kBF16) return MapUnary(from, static_cast<BFloat16*>(y), n, same);
  if (to == DType::kF16) return MapUnary(from, static_cast<Float16*>(y), n, same);
  MapUnary(from, static_cast<float*>(y), n, same);
}

template <typename Grid>
HWY_INLINE V Rounded(V x) {
  const D d;
  Grid buffer[hn::MaxLanes(d)];
  StoreF32(d, x, buffer);
  return LoadF32(d, buffer);
}

void RoundKernel(DType grid, const float* x, float* y, int64_t n) {
  if (grid == DType::kBF16) return MapUnary(x, y, n, [](V value) HWY_ATTR { return Rounded<BFloat16>(value); });
  MapUnary(x, y, n, [](V value) HWY_ATTR { return Rounded<Float16>(value); });
}

void UnaryKernel(DType dtype, UnaryFunction function, const void* x, float parameter, void* y, int64_t n) {
  if (dtype == DType::kBF16) return UnaryOfType<BFloat16>(function, x, parameter, y, n);
  if (dtype == DType::kF16) return UnaryOfType<Float16>(function, x, parameter, y, n);
  UnaryOfType<float>(function, x, parameter, y, n);
}

void BinaryKernel(DType dtype, BinaryFunction function, const void* a, const void* b, float parameter, void* y,
                  int64_t n) {
  if (dtype == DType::kBF16) return BinaryOfType<BFloat16>(function, a, b, parameter, y, n);
  if (dtype == DType::kF16) return BinaryOfType<Float16>(function, a, b, parameter, y, n);
  BinaryOfType<float>(function, a, b, parameter, y, n);
}

void CastKernel(DType from, const void* x, DType to, void* y, int64_t n) {
  if (from == DType::kBF16) return CastFrom<BFloat16>(x, to, y, n);
  if (from == DType::kF16) return CastFrom<Float16>(x, to, y, n);
  CastFrom<float>(x, to, y, n);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(UnaryKernel);
HWY_EXPORT(BinaryKernel);
HWY_EXPORT(CastKernel);
HWY_EXPORT(RoundKernel);

// A multiple of 64 bytes whatever the type.
constexpr int64_t kGrain = 64;

const void* At(DType dtype, const void* base, int64_t index) {
  return static_cast<const std::byte*>(base) + index * static_cast<int64_t>(SizeOf(dtype));
}
void* At(DType dtype, void* base, int64_t index) {
  return static_cast<std::byte*>(base) + index * static_cast<int64_t>(SizeOf(dtype));
}

void Unary(DType dtype, UnaryFunction function, const void* x, float parameter, void* y, int64_t n) {
  ParallelRanges(n, kGrain, kSerialElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(UnaryKernel)
    (dtype, function, At(dtype, x, begin), parameter, At(dtype, y, begin), end - begin);
  });
}

void Binary(DType dtype, BinaryFunction function, const void* a, const void* b, float parameter, void* y, int64_t n) {
  ParallelRanges(n, kGrain, kSerialElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(BinaryKernel)
    (dtype, function, At(dtype, a, begin), At(dtype, b, begin), parameter, At(dtype, y, begin), end - begin);
  });
}

}  // namespace

void Add(DType dtype, const void* a, const void* b, void* y, int64_t n) {
  Binary(dtype, BinaryFunction::kAdd, a, b, 0, y, n);
}
void AddRelu(DType dtype, const void* a, const void* b, void* y, int64_t n) {
  Binary(dtype, BinaryFunction::kAddRelu, a, b, 0, y, n);
}
void Multiply(DType dtype, const void* a, const void* b, void* y, int64_t n) {
  Binary(dtype, BinaryFunction::kMultiply, a, b, 0, y, n);
}
void Scale(DType dtype, const void* x, float factor, void* y, int64_t n) {
  Unary(dtype, UnaryFunction::kScale, x, factor, y, n);
}

void Relu(DType dtype, const void* x, void* y, int64_t n) { Unary(dtype, UnaryFunction::kRelu, x, 0, y, n); }
void LeakyRelu(DType dtype, const void* x, float slope, void* y, int64_t n) {
  Unary(dtype, UnaryFunction::kLeakyRelu, x, slope, y, n);
}
void Sigmoid(DType dtype, const void* x, void* y, int64_t n) { Unary(dtype, UnaryFunction::kSigmoid, x, 0, y, n); }
void Tanh(DType dtype, const void* x, void* y, int64_t n) { Unary(dtype, UnaryFunction::kTanh, x, 0, y, n); }

void ReluBackward(DType dtype, const void* y, const void* dy, void* dx, int64_t n) {
  Binary(dtype, BinaryFunction::kReluBackward, y, dy, 0, dx, n);
}
void LeakyReluBackward(DType dtype, const void* y, const void* dy, float slope, void* dx, int64_t n) {
  Binary(dtype, BinaryFunction::kLeakyReluBackward, y, dy, slope, dx, n);
}
void SigmoidBackward(DType dtype, const void* y, const void* dy, void* dx, int64_t n) {
  Binary(dtype, BinaryFunction::kSigmoidBackward, y, dy, 0, dx, n);
}
void TanhBackward(DType dtype, const void* y, const void* dy, void* dx, int64_t n) {
  Binary(dtype, BinaryFunction::kTanhBackward, y, dy, 0, dx, n);
}

void Cast(DType from, const void* x, DType to, void* y, int64_t n) {
  ParallelRanges(n, kGrain, kSerialElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(CastKernel)(from, At(from, x, begin), to, At(to, y, begin), end - begin);
  });
}

void Round(DType grid, const float* x, float* y, int64_t n) {
  ParallelRanges(n, kGrain, kSerialElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(RoundKernel)(grid, x + begin, y + begin, end - begin);
  });
}

}  // namespace espalier
#endif  // HWY_ONCE
