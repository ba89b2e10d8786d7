#include "core/kernels/kernel_testing.h"

#include <omp.h>

#include <cmath>
#include <limits>

#include "core/ops/reference_access.h"
#include "core/random.h"
#include "hwy/highway.h"

namespace espalier {
namespace {

void Select(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Half the distance between 1 and the next number: the largest relative rounding error.
float RoundingStep(DType dtype) { return dtype == DType::kBF16 ? 0x1p-8f : dtype == DType::kF16 ? 0x1p-11f : 0x1p-24f; }

// Calls same(i, a, b) for each pair of elements; reports the first that is not.
template <typename Predicate>
testing::AssertionResult Compare(const Tensor& actual, const Tensor& expected, Predicate same) {
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape()) {
    return testing::AssertionFailure() << Name(actual.dtype()) << actual.shape() << " instead of "
                                       << Name(expected.dtype()) << expected.shape();
  }
  const FloatElements a(actual), b(expected);
  for (int64_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) {
      return testing::AssertionFailure() << "element " << i << " of " << a.size() << " is " << a[i] << " instead of "
                                         << b[i] << ", apart by " << a[i] - b[i];
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace

void PerTarget::SetUp() { Select(GetParam()); }
void PerTarget::TearDown() { Select(0); }

std::vector<int64_t> Targets() { return hwy::SupportedAndGeneratedTargets(); }
std::string TargetOf(const testing::TestParamInfo<int64_t>& info) { return hwy::TargetName(info.param); }

Tensor RandomTensor(DType dtype, Shape shape, uint64_t seed, float low, float high) {
  const Tensor tensor(dtype, shape);
  Random random(seed, "tensor", 0, 0);
  const FloatElements elements(tensor);
  for (int64_t i = 0; i < elements.size(); ++i) elements.Set(i, random.Uniform(low, high));
  return tensor;
}

Tensor RandomIndices(Shape shape, uint64_t seed, int32_t low, int32_t high) {
  const Tensor tensor(DType::kS32, shape);
  Random random(seed, "indices", 0, 0);
  for (int32_t& index : tensor.span<int32_t>()) index = low + static_cast<int32_t>(random.Below(high - low));
  return tensor;
}

void AddSpecialValues(const Tensor& tensor) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float largest = tensor.dtype() == DType::kF16 ? 65504 : 3.38e38f;
  const float values[] = {0, -0.0f, infinity, -infinity, std::nanf(""), largest, -largest, 6e-8f, -6e-8f, 1e-40f};
  const FloatElements elements(tensor);
  for (int64_t i = 0, k = 0; i < elements.size(); i += 7, ++k) elements.Set(i, values[k % std::size(values)]);
}

testing::AssertionResult SameValues(const Tensor& actual, const Tensor& expected) {
  return Compare(actual, expected, [](float a, float b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
  });
}

testing::AssertionResult NearValues(const Tensor& actual, const Tensor& expected, float relative, float absolute) {
  relative += 2 * RoundingStep(actual.dtype());
  return Compare(actual, expected, [=](float a, float b) {
    return (std::isnan(a) && std::isnan(b)) || a == b || std::abs(a - b) <= absolute + relative * std::abs(b);
  });
}

Tensor ChannelBlocked(const Tensor& x, int64_t block, float padding) {
  const int64_t batch = x.shape()[0], channels = x.shape()[1], spatial = x.shape()[2];
  const int64_t blocks = (channels + block - 1) / block;
  const Tensor y(x.dtype(), {batch, blocks, spatial, block});
  const FloatElements from(x), to(y);
  for (int64_t i = 0; i < to.size(); ++i) {
    const int64_t channel = i / block / spatial % blocks * block + i % block;
    const int64_t n = i / block / spatial / blocks, pixel = i / block % spatial;
    to.Set(i, channel < channels ? from[(n * channels + channel) * spatial + pixel] : padding);
  }
  return y;
}

testing::AssertionResult SameOnAnyThreads(DType dtype, const Shape& shape,
                                          const std::function<void(const Tensor& output)>& function) {
  const int threads = omp_get_max_threads();
  std::vector<Tensor> outputs;
  for (int count : {1, 2, 3}) {
    omp_set_num_threads(count);
    outputs.emplace_back(dtype, shape);
    function(outputs.back());
  }
  omp_set_num_threads(threads);
  for (int count : {2, 3}) {
    if (testing::AssertionResult same = SameValues(outputs[count - 1], outputs[0]); !same) {
      return same << " with " << count << " threads";
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace espalier
