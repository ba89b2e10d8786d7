// Sums values of consecutive shards along the shard tree as they come, in as few buffers as the tree is deep.
#ifndef ESPALIER_PARALLEL_SHARD_FOLD_H_
#define ESPALIER_PARALLEL_SHARD_FOLD_H_

#include <cstdint>
#include <vector>

#include "core/tensor.h"
#include "parallel/data_parallel.h"

namespace espalier {

// to[i] += from[i], on the calling thread's OpenMP team. Equal bits for any number of threads.
void AddValues(float* to, const float* from, int64_t elements);

class ShardFold {
 public:
  // Of arenas of `elements` floats, with `shards` leaves in the tree. The first sum is kept in `first` where that is
  // not null, the others in memory of the fold's own.
  ShardFold(int shards, int64_t elements, float* first = nullptr);

  void Clear() { sums_.clear(); }
  // Adds the node [begin, end) of the tree, which follows the one added before; copies or adds `values`. Allocates only
  // where the fold was never as deep.
  void Add(int begin, int end, const float* values);
  // The sums of what was added: maximal nodes of the tree, ascending. Valid until Clear or Add.
  const std::vector<PartialSum>& sums() const { return sums_; }

 private:
  float* Buffer(size_t depth);

  const int shards_;
  const int64_t elements_;
  float* const first_;
  std::vector<Tensor> buffers_;   // of depth 0, 1, ...; that of depth 0 is unused if first_ is given
  std::vector<PartialSum> sums_;  // the one at depth d lies in Buffer(d)
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SHARD_FOLD_H_
