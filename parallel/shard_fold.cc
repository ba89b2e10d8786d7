#include "parallel/shard_fold.h"

#include <algorithm>

#include "core/kernels/parallel.h"
#include "glog/logging.h"
#include "parallel/shard_tree.h"

namespace espalier {

void AddValues(float* to, const float* from, int64_t elements) {
  ParallelRanges(elements, kAlignment / sizeof(float), kSerialElements, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] += from[i];
  });
}

ShardFold::ShardFold(int shards, int64_t elements, float* first)
    : shards_(shards), elements_(elements), first_(first) {}

float* ShardFold::Buffer(size_t depth) {
  if (depth == 0 && first_ != nullptr) return first_;
  while (buffers_.size() <= depth) buffers_.emplace_back();
  if (!buffers_[depth].valid()) buffers_[depth] = Tensor(DType::kF32, {elements_});
  return buffers_[depth].data<float>();
}

void ShardFold::Add(int begin, int end, const float* values) {
  CHECK(IsShardNode(shards_, begin, end) && (sums_.empty() || sums_.back().end == begin)) << begin << " " << end;
  if (!sums_.empty() && AreSiblings(shards_, sums_.back().begin, begin, end)) {
    AddValues(sums_.back().values, values, elements_);
    sums_.back().end = end;
  } else {
    float* buffer = Buffer(sums_.size());
    if (buffer != values) std::copy_n(values, elements_, buffer);
    sums_.push_back({begin, end, buffer});
  }
  while (sums_.size() >= 2) {
    PartialSum& left = sums_[sums_.size() - 2];
    const PartialSum& right = sums_.back();
    if (!AreSiblings(shards_, left.begin, right.begin, right.end)) break;
    AddValues(left.values, right.values, elements_);
    left.end = right.end;
    sums_.pop_back();
  }
}

}  // namespace espalier
