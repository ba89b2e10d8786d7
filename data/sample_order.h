// Which sample stands where: the shuffle, batch and row-range steps of the pipeline, as pure arithmetic.
#ifndef ESPALIER_DATA_SAMPLE_ORDER_H_
#define ESPALIER_DATA_SAMPLE_ORDER_H_

#include <algorithm>
#include <cstdint>

#include "core/random.h"

namespace espalier {

struct SampleOrder {
  int64_t size = 0;         // samples of the set
  int64_t batch_size = 1;   // of the global batch
  int64_t row_begin = 0;    // the first row of the global batch that is ours
  int64_t rows = 1;         // how many are
  int64_t first_batch = 0;  // of an epoch's batches, ours are every batch_stride-th from here
  int64_t batch_stride = 1;
  bool shuffle = false;
  bool drop_last = false;  // the short batch at the end of an epoch
  uint64_t seed = 0;

  // Batches of an epoch, and those of them that are ours.
  int64_t global_batches() const { return drop_last ? size / batch_size : (size + batch_size - 1) / batch_size; }
  int64_t batches_per_epoch() const {
    return std::max(int64_t{0}, (global_batches() - first_batch + batch_stride - 1) / batch_stride);
  }
  // The global number of our `index`-th batch.
  int64_t GlobalBatch(int64_t index) const { return first_batch + index * batch_stride; }

  // Our rows that hold samples in a (global) batch; the rest is padding.
  int64_t ValidRows(int64_t batch) const {
    const int64_t left = size - batch * batch_size - row_begin;
    return std::clamp(left, int64_t{0}, rows);
  }

  // The sample in our `row`-th row of a (global) batch; padding repeats the batch's first sample.
  int64_t Index(uint32_t epoch, int64_t batch, int64_t row) const {
    const int64_t first = batch * batch_size;
    const int64_t position = row < ValidRows(batch) ? first + row_begin + row : first;
    return shuffle ? static_cast<int64_t>(PermutedIndex(position, size, seed, "shuffle", epoch)) : position;
  }
};

}  // namespace espalier

#endif  // ESPALIER_DATA_SAMPLE_ORDER_H_
