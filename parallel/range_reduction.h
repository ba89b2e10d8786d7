// The sum over all workers of ranges of an arena, along the shard tree, while the worker computes.
//
// Direct algorithm: each range is cut into segments, each owned by a worker. Every worker sends its values of a segment
// to the segment's owner, one message for each of its nodes of the shard tree; the owner adds along the tree and sends
// the sum to all. Every element moves twice, as in ring algorithms (Patarasuk and Yuan, "Bandwidth optimal all-reduce
// algorithms for clusters of workstations", 2009), but the order of additions is the tree's, and there are two hops
// instead of 2 (workers - 1). Segments travel in chunks, so that adding, sending and receiving overlap and the parts
// that are added are still in the cache.
//
// Nothing blocks and nothing is decided at run time: which chunks there are, and their order, is known to all from the
// ranges. Messages need no further tags, as those from one rank to another keep their order. Chunks wait for room in a
// window at their owner, so memory does not grow with the ranges. Steps after the first allocate nothing.
#ifndef ESPALIER_PARALLEL_RANGE_REDUCTION_H_
#define ESPALIER_PARALLEL_RANGE_REDUCTION_H_

#include <cstdint>
#include <vector>

#include "core/dtype.h"
#include "core/tensor.h"
#include "parallel/communicator.h"
#include "parallel/data_parallel.h"
#include "parallel/shard_tree.h"

namespace espalier {

// Elements [begin, end) of an arena, and what they travel as: f32, bf16 or f16. With the latter two a sum is rounded on
// its owner, too: all workers have the same bits. (f16 overflows to infinity above 65504.)
struct ReductionRange {
  int64_t begin = 0, end = 0;
  DType wire = DType::kF32;
};

struct RangeReductionOptions {
  int shards = 1;  // of all workers
  int64_t chunk_elements = 128 * 1024;
  int window = 4;  // chunks being received by their owner at a time
  // A range is cut into no smaller segments; short ones have fewer owners than there are workers.
  int64_t least_segment_elements = 1024;
};

class RangeReduction {
 public:
  // All workers pass equal ranges, which begin at multiples of 16 elements, and options.
  RangeReduction(Communicator* workers, std::vector<ReductionRange> ranges, const RangeReductionOptions& options);

  // Begins a step, whose sums shall stand in `result`. `mine` are arenas, this worker's nodes of the shard tree
  // (ShardNodes); their values will change where ranges are launched. One of them may be `result` itself.
  void Begin(const std::vector<PartialSum>& mine, float* result);
  // The next range is final in all of `mine`: it may be sent. Afterwards only the reduction may touch it, until the
  // range is finished.
  void Launch();
  // Moves on what is under way, without waiting. Whether anything moved.
  bool Progress();

  int launched() const { return launched_; }  // ranges
  int finished() const { return finished_; }  // ranges whose sums stand in the result, the first ones
  // Whether all launched ranges are finished and no memory is in use any more.
  bool done() const;
  // Payload of all messages so far.
  int64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Chunk {
    int64_t begin;
    int64_t elements;
    DType wire;
  };
  // The chunks that one worker owns, in the order in which they travel, and how far they have come: the first
  // `launched` may travel; of these the first `done` are finished. In between, the first `posted` are, if the worker is
  // another, out of this one's hands, their sums being received; if it is this one, their parts are being received,
  // whether launched or not.
  struct Owner {
    std::vector<Chunk> chunks;
    std::vector<size_t> range_end;  // by range: how many chunks belong to it and those before
    size_t launched = 0, posted = 0, done = 0;
    std::vector<Request> outgoing;  // another's: parts, by chunk and node; own: sums, by chunk and other worker
    std::vector<Request> incoming;  // another's: sums, by chunk; own: parts, by place in the window and remote node
    size_t sent = 0;                // of `outgoing`, from the front: done

    size_t started = 0;  // of `outgoing`
    void Start(Request request) { outgoing[started++] = request; }
  };

  void FindNodes();
  void CutRange(int range);
  void Allocate();
  void SendParts(Owner* owner, int worker);
  void PostParts();
  bool ProgressOwn();
  bool ProgressOther(int worker);
  bool PartsHaveCome(size_t chunk);
  void Sum(size_t chunk);
  void AddNodes(int64_t begin, int64_t end, float* sum) const;
  void SendSum(const Chunk& chunk);
  bool TestSends(Owner* owner);
  Request Send(const void* data, const Chunk& chunk, int worker, int tag);
  Request Receive(void* data, const Chunk& chunk, int worker, int tag);
  // Of the reduction's own memory: a part that was received; a value of this worker's n-th node, or a sum, in the form
  // in which it travels.
  std::byte* Part(size_t chunk, int remote_node) const;
  std::byte* Wire(size_t node, int64_t element) const;
  Owner& own() { return owners_[workers_->rank()]; }

  Communicator* const workers_;
  const std::vector<ReductionRange> ranges_;
  const RangeReductionOptions options_;
  // The nodes of all workers, ascending: whose each is, and its number among this worker's or among all others'.
  struct Node {
    int worker, number;
  };
  std::vector<Node> nodes_;
  std::vector<ShardNode> mine_;
  int remote_nodes_ = 0;
  std::vector<Addition> additions_;
  std::vector<Owner> owners_;  // by worker
  int64_t longest_chunk_ = 0;
  int64_t end_ = 0;     // of the ranges
  bool casts_ = false;  // some range does not travel as f32

  std::vector<float*> values_;  // of this worker's nodes
  float* result_ = nullptr;
  std::vector<float*> inputs_;  // of the chunk being summed, by node
  size_t parts_come_ = 0;       // of the first chunk of its own that is not summed: known to be here
  Tensor parts_, wide_parts_;   // as they came; those of one chunk in f32, if they came as something else
  Tensor wire_;                 // this worker's nodes as they travel, and sums in the first one's place
  int launched_ = 0, finished_ = 0;
  int64_t bytes_sent_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_RANGE_REDUCTION_H_
