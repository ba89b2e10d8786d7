// Which sample stands where: the shuffle, shard and batch steps of the pipeline, as pure arithmetic.
#ifndef ESPALIER_DATA_SAMPLE_ORDER_H_
#define ESPALIER_DATA_SAMPLE_ORDER_H_

#include <algorithm>
#include <cstdint>

#include "core/random.h"

namespace espalier {

struct SampleOrder {
  int64_t size = 0;        // samples of the set
  int64_t batch_size = 1;  // of all shards together
  int64_t shard_rows = 1;  // rows of a batch in one shard: batch_size / shards
  int shard = 0;
  bool shuffle = false;
  bool drop_last = false;  // the short batch at the end of an epoch
  uint64_t seed = 0;

  int64_t batches_per_epoch() const { return drop_last ? size / batch_size : (size + batch_size - 1) / batch_size; }

  // Rows of this shard that hold samples in a batch; the rest is padding.
  int64_t ValidRows(int64_t batch) const {
    const int64_t left = size - batch * batch_size - shard * shard_rows;
    return std::clamp(left, int64_t{0}, shard_rows);
  }

  // The sample in `row` of this shard; padding repeats the first sample of the (global) batch.
  int64_t Index(uint32_t epoch, int64_t batch, int64_t row) const {
    const int64_t first = batch * batch_size;
    const int64_t position = row < ValidRows(batch) ? first + shard * shard_rows + row : first;
    return shuffle ? static_cast<int64_t>(PermutedIndex(position, size, seed, "shuffle", epoch)) : position;
  }
};

}  // namespace espalier

#endif  // ESPALIER_DATA_SAMPLE_ORDER_H_
