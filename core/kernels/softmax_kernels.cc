#include "core/kernels/softmax_kernels.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/kernels/parallel.h"
#include "glog/logging.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/softmax_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/storage-inl.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Up to one vector of a row's end, padded with `padding`.
template <typename T>
HWY_INLINE V LoadEnd(const T* from, int64_t count, float padding) {
  const D d;
  T buffer[hn::MaxLanes(d)];
  StoreF32(d, hn::Set(d, padding), buffer);
  std::memcpy(buffer, from, count * sizeof(T));
  return LoadF32(d, buffer);
}

template <typename T>
HWY_INLINE void StoreEnd(V value, T* to, int64_t count) {
  const D d;
  T buffer[hn::MaxLanes(d)];
  StoreF32(d, value, buffer);
  std::memcpy(to, buffer, count * sizeof(T));
}

// Calls vector(i) at each whole vector of [0, count) and end(i, rest) for the remaining elements, if any.
template <class Vector, class End>
HWY_INLINE void ForEachVector(int64_t count, const Vector& vector, const End& end) {
  const int64_t lanes = hn::Lanes(D());
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) vector(i);
  if (i < count) end(i, count - i);
}

constexpr float kLowest = -std::numeric_limits<float>::infinity();

template <typename T>
HWY_INLINE float RowMaximum(const T* x, int64_t count) {
  const D d;
  V maximum = hn::Set(d, kLowest);
  ForEachVector(
      count, [&](int64_t i) HWY_ATTR { maximum = hn::Max(maximum, LoadF32(d, x + i)); },
      [&](int64_t i, int64_t rest) HWY_ATTR { maximum = hn::Max(maximum, LoadEnd(x + i, rest, kLowest)); });
  return hn::GetLane(hn::MaxOfLanes(d, maximum));
}

// exp(x) for x <= 0; a NaN stays NaN.
HWY_INLINE V ExpOf(V x) {
  const D d;
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

struct RowSums {
  float exponentials;  // sum exp(x - maximum)
  float differences;   // sum x - maximum, when asked for
};

template <bool kDifferences, typename T>
HWY_INLINE RowSums SumRow(const T* x, int64_t count, float maximum) {
  const D d;
  const V shift = hn::Set(d, maximum);
  V exponentials = hn::Zero(d), differences = hn::Zero(d);
  ForEachVector(
      count,
      [&](int64_t i) HWY_ATTR {
        const V difference = hn::Sub(LoadF32(d, x + i), shift);
        exponentials = hn::Add(exponentials, ExpOf(difference));
        if (kDifferences) differences = hn::Add(differences, difference);
      },
      [&](int64_t i, int64_t rest) HWY_ATTR {
        exponentials = hn::Add(exponentials, ExpOf(hn::Sub(LoadEnd(x + i, rest, kLowest), shift)));
        if (kDifferences) differences = hn::Add(differences, hn::Sub(LoadEnd(x + i, rest, maximum), shift));
      });
  return {hn::GetLane(hn::SumOfLanes(d, exponentials)), hn::GetLane(hn::SumOfLanes(d, differences))};
}

// y = exp(x - maximum) / sum. The exponentials are computed again: cheaper than memory for a row of another type.
template <typename From, typename To>
HWY_INLINE void NormalizeRow(const From* x, int64_t count, float maximum, float sum, To* y) {
  const D d;
  const V shift = hn::Set(d, maximum), factor = hn::Set(d, 1 / sum);
  const auto normalized = [&](V value) HWY_ATTR { return hn::Mul(ExpOf(hn::Sub(value, shift)), factor); };
  ForEachVector(
      count, [&](int64_t i) HWY_ATTR { StoreF32(d, normalized(LoadF32(d, x + i)), y + i); },
      [&](int64_t i, int64_t rest) HWY_ATTR { StoreEnd(normalized(LoadEnd(x + i, rest, kLowest)), y + i, rest); });
}

template <typename T>
void SoftmaxRows(const T* x, int64_t rows, int64_t classes, T* y) {
  for (int64_t row = 0; row < rows; ++row, x += classes, y += classes) {
    const float maximum = RowMaximum(x, classes);
    NormalizeRow(x, classes, maximum, SumRow<false>(x, classes, maximum).exponentials, y);
  }
}

template <typename T>
void SoftmaxBackwardRows(const T* y, const T* dy, int64_t rows, int64_t classes, T* dx) {
  const D d;
  for (int64_t row = 0; row < rows; ++row, y += classes, dy += classes, dx += classes) {
    V products = hn::Zero(d);
    ForEachVector(
        classes, [&](int64_t i) HWY_ATTR { products = hn::MulAdd(LoadF32(d, y + i), LoadF32(d, dy + i), products); },
        [&](int64_t i, int64_t rest)
            HWY_ATTR { products = hn::MulAdd(LoadEnd(y + i, rest, 0), LoadEnd(dy + i, rest, 0), products); });
    const V dot = hn::SumOfLanes(d, products);
    const auto gradient = [&](V value, V gradients) HWY_ATTR { return hn::Mul(value, hn::Sub(gradients, dot)); };
    ForEachVector(
        classes, [&](int64_t i) HWY_ATTR { StoreF32(d, gradient(LoadF32(d, y + i), LoadF32(d, dy + i)), dx + i); },
        [&](int64_t i, int64_t rest)
            HWY_ATTR { StoreEnd(gradient(LoadEnd(y + i, rest, 0), LoadEnd(dy + i, rest, 0)), dx + i, rest); });
  }
}

// Returns the sum of the rows' losses: with d = x - maximum and s = log(sum exp(d)),
// (1 - smoothing) (s - d[label]) + smoothing (s - mean d).
template <typename T>
double CrossEntropyRows(const T* x, const CrossEntropyTarget& target, float* probabilities) {
  const int64_t classes = target.classes;
  double loss = 0;
  for (int64_t row = 0; row < target.rows; ++row, x += classes, probabilities += classes) {
    const float maximum = RowMaximum(x, classes);
    const RowSums sums = target.smoothing == 0 ? SumRow<false>(x, classes, maximum) : SumRow<true>(x, classes, maximum);
    NormalizeRow(x, classes, maximum, sums.exponentials, probabilities);
    const int32_t label = target.labels[row];
    if (label < 0) continue;
    const double log_sum = std::log(static_cast<double>(sums.exponentials));
    const double difference = hn::GetLane(LoadF32(hn::CappedTag<float, 1>(), x + label)) - maximum;
    loss += (1 - target.smoothing) * (log_sum - difference);
    if (target.smoothing != 0) loss += target.smoothing * (log_sum - static_cast<double>(sums.differences) / classes);
  }
  return loss;
}

template <typename T>
void CrossEntropyBackwardRows(const float* probabilities, const CrossEntropyTarget& target, float dloss, T* dlogits) {
  const D d;
  const int64_t classes = target.classes;
  const float share = target.smoothing / static_cast<float>(classes);
  const V factor = hn::Set(d, dloss);
  for (int64_t row = 0; row < target.rows; ++row, probabilities += classes, dlogits += classes) {
    const int32_t label = target.labels[row];
    if (label < 0) {
      std::memset(dlogits, 0, classes * sizeof(T));
      continue;
    }
    const V shares = hn::Set(d, share);
    ForEachVector(
        classes,
        [&](int64_t i)
            HWY_ATTR { StoreF32(d, hn::Mul(factor, hn::Sub(LoadF32(d, probabilities + i), shares)), dlogits + i); },
        [&](int64_t i, int64_t rest) HWY_ATTR {
          StoreEnd(hn::Mul(factor, hn::Sub(LoadEnd(probabilities + i, rest, 0), shares)), dlogits + i, rest);
        });
    const float of_label = dloss * (probabilities[label] - (share + (1 - target.smoothing)));
    const hn::CappedTag<float, 1> one;
    StoreF32(one, hn::Set(one, of_label), dlogits + label);
  }
}

void SoftmaxKernel(DType dtype, const void* x, int64_t rows, int64_t classes, void* y) {
  if (dtype == DType::kBF16) {
    return SoftmaxRows(static_cast<const BFloat16*>(x), rows, classes, static_cast<BFloat16*>(y));
  }
  if (dtype == DType::kF16) {
    return SoftmaxRows(static_cast<const Float16*>(x), rows, classes, static_cast<Float16*>(y));
  }
  SoftmaxRows(static_cast<const float*>(x), rows, classes, static_cast<float*>(y));
}

template <typename T>
void SoftmaxBackwardOfType(const void* y, const void* dy, int64_t rows, int64_t classes, void* dx) {
  SoftmaxBackwardRows(static_cast<const T*>(y), static_cast<const T*>(dy), rows, classes, static_cast<T*>(dx));
}

void SoftmaxBackwardKernel(DType dtype, const void* y, const void* dy, int64_t rows, int64_t classes, void* dx) {
  if (dtype == DType::kBF16) return SoftmaxBackwardOfType<BFloat16>(y, dy, rows, classes, dx);
  if (dtype == DType::kF16) return SoftmaxBackwardOfType<Float16>(y, dy, rows, classes, dx);
  SoftmaxBackwardOfType<float>(y, dy, rows, classes, dx);
}

double CrossEntropyKernel(DType dtype, const void* logits, const CrossEntropyTarget& target, float* probabilities) {
  if (dtype == DType::kBF16) return CrossEntropyRows(static_cast<const BFloat16*>(logits), target, probabilities);
  if (dtype == DType::kF16) return CrossEntropyRows(static_cast<const Float16*>(logits), target, probabilities);
  return CrossEntropyRows(static_cast<const float*>(logits), target, probabilities);
}

void CrossEntropyBackwardKernel(const float* probabilities, const CrossEntropyTarget& target, float dloss, DType dtype,
                                void* dlogits) {
  if (dtype == DType::kBF16) {
    return CrossEntropyBackwardRows(probabilities, target, dloss, static_cast<BFloat16*>(dlogits));
  }
  if (dtype == DType::kF16) {
    return CrossEntropyBackwardRows(probabilities, target, dloss, static_cast<Float16*>(dlogits));
  }
  CrossEntropyBackwardRows(probabilities, target, dloss, static_cast<float*>(dlogits));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(SoftmaxKernel);
HWY_EXPORT(SoftmaxBackwardKernel);
HWY_EXPORT(CrossEntropyKernel);
HWY_EXPORT(CrossEntropyBackwardKernel);

// An exponential is worth several element-wise operations.
constexpr int64_t kSerialExponentials = 4096;
// The loss is summed in this many groups of rows, whatever the number of threads, and then over the groups.
constexpr int64_t kLossGroups = 64;

int64_t SerialRows(int64_t classes) { return kSerialExponentials / classes + 1; }

const void* Row(DType dtype, const void* base, int64_t row, int64_t classes) {
  return static_cast<const std::byte*>(base) + row * classes * static_cast<int64_t>(SizeOf(dtype));
}
void* Row(DType dtype, void* base, int64_t row, int64_t classes) {
  return static_cast<std::byte*>(base) + row * classes * static_cast<int64_t>(SizeOf(dtype));
}

void CheckLabels(const CrossEntropyTarget& target) {
  for (int64_t row = 0; row < target.rows; ++row) {
    CHECK(target.labels[row] >= -1 && target.labels[row] < target.classes)
        << "label " << target.labels[row] << " in row " << row << " of " << target.classes << " classes";
  }
}

CrossEntropyTarget Rows(const CrossEntropyTarget& target, int64_t begin, int64_t end) {
  return {target.labels + begin, end - begin, target.classes, target.smoothing};
}

}  // namespace

void Softmax(DType dtype, const void* x, int64_t rows, int64_t classes, void* y) {
  ParallelRanges(rows, 1, SerialRows(classes), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SoftmaxKernel)
    (dtype, Row(dtype, x, begin, classes), end - begin, classes, Row(dtype, y, begin, classes));
  });
}

void SoftmaxBackward(DType dtype, const void* y, const void* dy, int64_t rows, int64_t classes, void* dx) {
  ParallelRanges(rows, 1, kSerialElements / classes + 1, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SoftmaxBackwardKernel)
    (dtype, Row(dtype, y, begin, classes), Row(dtype, dy, begin, classes), end - begin, classes,
     Row(dtype, dx, begin, classes));
  });
}

void SoftmaxCrossEntropy(DType dtype, const void* logits, const CrossEntropyTarget& target, float* loss,
                         float* probabilities) {
  CheckLabels(target);
  const int64_t classes = target.classes;
  double losses[kLossGroups] = {};
  ParallelRanges(
      kLossGroups, 1, target.rows < SerialRows(classes) ? kLossGroups + 1 : 0, [&](int64_t first, int64_t last) {
        for (int64_t group = first; group < last; ++group) {
          const int64_t begin = target.rows * group / kLossGroups;
          const int64_t end = target.rows * (group + 1) / kLossGroups;
          losses[group] = HWY_DYNAMIC_DISPATCH(CrossEntropyKernel)(
              dtype, Row(dtype, logits, begin, classes), Rows(target, begin, end), probabilities + begin * classes);
        }
      });
  double sum = 0;
  for (double group : losses) sum += group;
  *loss = static_cast<float>(sum);
}

void SoftmaxCrossEntropyBackward(const float* probabilities, const CrossEntropyTarget& target, float dloss, DType dtype,
                                 void* dlogits) {
  CheckLabels(target);
  const int64_t classes = target.classes;
  ParallelRanges(target.rows, 1, kSerialElements / classes + 1, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(CrossEntropyBackwardKernel)
    (probabilities + begin * classes, Rows(target, begin, end), dloss, dtype, Row(dtype, dlogits, begin, classes));
  });
}

}  // namespace espalier
#endif  // HWY_ONCE
