#include "compression/codebook.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/kernels/parallel.h"

namespace espalier {
namespace {

// Weights are summed in blocks of this many, then the blocks in their order: the same sums on any number of threads.
constexpr int64_t kBlock = 1 << 16;
constexpr int kEntries = Codebook::kMaxEntries;

int64_t Blocks(int64_t elements) { return (elements + kBlock - 1) / kBlock; }

using Sums = std::array<double, kEntries>;

// Four tables, so that an addition seldom waits for the one before it.
void SumByCode(const uint8_t* codes, const float* gradient, int64_t count, double* sums) {
  Sums part[4] = {};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int lane = 0; lane < 4; ++lane) part[lane][codes[i + lane]] += gradient[i + lane];
  }
  for (; i < count; ++i) part[0][codes[i]] += gradient[i];
  for (int code = 0; code < kEntries; ++code) {
    sums[code] = (part[0][code] + part[1][code]) + (part[2][code] + part[3][code]);
  }
}

}  // namespace

Codebook::Codebook(int64_t elements) : codes_(DType::kU8, Shape{elements}), data_(codes_.data<uint8_t>()) {
  std::memset(data_, 0, elements);
}

void Codebook::TransformGradient(float* gradient) const {
  // Sums of each block by code. Kept by the calling thread: several may transform gradients of their own.
  thread_local std::vector<double> partial;
  const int64_t count = elements(), blocks = Blocks(count);
  if (partial.size() < static_cast<size_t>(blocks * kEntries)) partial.resize(blocks * kEntries);
  double* const sums = partial.data();
  ParallelRanges(count, kBlock, kSerialElements, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += kBlock) {
      SumByCode(data_ + at, gradient + at, std::min(kBlock, end - at), sums + at / kBlock * kEntries);
    }
  });
  float total[kEntries];
  total[0] = 0;
  for (int code = 1; code < kEntries; ++code) {
    double sum = 0;
    for (int64_t block = 0; block < blocks; ++block) sum += sums[block * kEntries + code];
    total[code] = static_cast<float>(sum);
  }
  ParallelRanges(count, 64, kSerialElements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) gradient[i] = total[data_[i]];
  });
}

std::vector<float> Codebook::Values(const float* weights) const {
  std::vector<float> values(kEntries, 0);
  std::array<bool, kEntries> seen = {};
  seen[0] = true;
  for (int64_t i = 0; i < elements(); ++i) {
    if (seen[data_[i]]) continue;
    seen[data_[i]] = true;
    values[data_[i]] = weights[i];
  }
  return values;
}

void Codebook::Project(float* weights) const {
  const std::vector<float> values = Values(weights);
  for (int64_t i = 0; i < elements(); ++i) weights[i] = values[data_[i]];
}

int64_t Codebook::FindViolation(const float* weights) const {
  const std::vector<float> values = Values(weights);
  for (int64_t i = 0; i < elements(); ++i) {
    if (std::memcmp(&weights[i], &values[data_[i]], sizeof(float)) != 0) return i;
  }
  return -1;
}

void Codebook::ResetSlot(float* slot, float initial) const { std::fill_n(slot, elements(), initial); }

}  // namespace espalier
