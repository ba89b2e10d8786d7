#include "parallel/range_reduction.h"

#include <algorithm>

#include "core/kernels/elementwise_kernels.h"
#include "core/kernels/parallel.h"
#include "glog/logging.h"
#include "parallel/tags.h"

namespace espalier {
namespace {

constexpr int64_t kGranule = kAlignment / sizeof(float);
// Additions along the tree go over this many elements at a time, whose partial sums stay in the nearest cache.
constexpr int64_t kBlock = 2048;

// Calls function(begin, end) for `parts` parts of [begin, end), nearly equal and cut at granules.
template <typename Function>
void CutEvenly(int64_t begin, int64_t end, int64_t parts, const Function& function) {
  const int64_t granules = (end - begin + kGranule - 1) / kGranule;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t from = begin + granules * part / parts * kGranule;
    const int64_t to = std::min(end, begin + granules * (part + 1) / parts * kGranule);
    if (from < to) function(from, to);
  }
}

}  // namespace

RangeReduction::RangeReduction(Communicator* workers, std::vector<ReductionRange> ranges,
                               const RangeReductionOptions& options)
    : workers_(workers), ranges_(std::move(ranges)), options_(options), owners_(workers->size()) {
  CHECK(options_.shards >= workers_->size() && options_.chunk_elements >= kGranule && options_.window >= 1);
  FindNodes();
  for (int range = 0; range < static_cast<int>(ranges_.size()); ++range) CutRange(range);
  Allocate();
}

void RangeReduction::FindNodes() {
  std::vector<ShardNode> all;
  for (int worker = 0; worker < workers_->size(); ++worker) {
    const std::vector<ShardNode> nodes =
        ShardNodes(options_.shards, ShardBegin(options_.shards, worker, workers_->size()),
                   ShardBegin(options_.shards, worker + 1, workers_->size()));
    const bool own = worker == workers_->rank();
    if (own) mine_ = nodes;
    for (size_t i = 0; i < nodes.size(); ++i) nodes_.push_back({worker, own ? static_cast<int>(i) : remote_nodes_++});
    all.insert(all.end(), nodes.begin(), nodes.end());
  }
  additions_ = AdditionsAlongTree(options_.shards, all);
}

void RangeReduction::CutRange(int index) {
  const ReductionRange& range = ranges_[index];
  CHECK(range.begin >= 0 && range.begin % kGranule == 0 && range.begin <= range.end);
  const int64_t elements = range.end - range.begin;
  const int64_t segments =
      std::clamp<int64_t>(elements / std::max(options_.least_segment_elements, kGranule), 1, workers_->size());
  int64_t owner = index;
  CutEvenly(range.begin, range.end, segments, [&](int64_t begin, int64_t end) {
    std::vector<Chunk>& chunks = owners_[owner++ % workers_->size()].chunks;
    const int64_t pieces = (end - begin + options_.chunk_elements - 1) / options_.chunk_elements;
    CutEvenly(begin, end, pieces, [&](int64_t from, int64_t to) {
      chunks.push_back({from, to - from, range.wire});
      longest_chunk_ = std::max(longest_chunk_, to - from);
    });
  });
  for (Owner& each : owners_) each.range_end.push_back(each.chunks.size());
  end_ = std::max(end_, range.end);
  casts_ = casts_ || range.wire != DType::kF32;
}

void RangeReduction::Allocate() {
  for (int worker = 0; worker < workers_->size(); ++worker) {
    Owner& owner = owners_[worker];
    const bool other = worker != workers_->rank();
    owner.outgoing.resize(owner.chunks.size() * (other ? mine_.size() : workers_->size() - 1));
    owner.incoming.resize(other ? owner.chunks.size() : static_cast<size_t>(options_.window) * remote_nodes_);
  }
  longest_chunk_ = (longest_chunk_ + kGranule - 1) / kGranule * kGranule;
  const int64_t places = std::min<int64_t>(options_.window, own().chunks.size());
  parts_ = Tensor(DType::kF32, {places * remote_nodes_ * longest_chunk_});
  if (casts_) {
    wide_parts_ = Tensor(DType::kF32, {remote_nodes_ * longest_chunk_});
    wire_ = Tensor(DType::kBF16, {static_cast<int64_t>(mine_.size()) * end_});
  }
  values_.resize(mine_.size());
  inputs_.resize(nodes_.size());
}

void RangeReduction::Begin(const std::vector<PartialSum>& mine, float* result) {
  CHECK(done()) << "the step before is not over";
  CHECK_EQ(mine.size(), mine_.size());
  for (size_t i = 0; i < mine.size(); ++i) {
    CHECK(mine[i].begin == mine_[i].begin && mine[i].end == mine_[i].end) << mine[i].begin << " " << mine[i].end;
    values_[i] = mine[i].values;
  }
  result_ = result;
  launched_ = finished_ = 0;
  parts_come_ = 0;
  for (Owner& owner : owners_) owner.launched = owner.posted = owner.done = owner.sent = owner.started = 0;
  PostParts();
}

void RangeReduction::Launch() {
  CHECK_LT(launched_, static_cast<int>(ranges_.size()));
  ++launched_;
  for (int distance = 0; distance < workers_->size(); ++distance) {
    const int worker = (workers_->rank() + distance) % workers_->size();
    Owner& owner = owners_[worker];
    if (distance > 0) SendParts(&owner, worker);
    owner.launched = owner.range_end[launched_ - 1];
  }
}

// Of the range that is being launched.
void RangeReduction::SendParts(Owner* owner, int worker) {
  for (size_t i = owner->launched; i < owner->range_end[launched_ - 1]; ++i) {
    const Chunk& chunk = owner->chunks[i];
    for (size_t node = 0; node < mine_.size(); ++node) {
      const void* data = values_[node] + chunk.begin;
      if (chunk.wire != DType::kF32) {
        Cast(DType::kF32, data, chunk.wire, Wire(node, chunk.begin), chunk.elements);
        data = Wire(node, chunk.begin);
      }
      owner->Start(Send(data, chunk, worker, kPartTag));
    }
  }
}

bool RangeReduction::Progress() {
  bool moved = ProgressOwn();
  for (int distance = 1; distance < workers_->size(); ++distance) {
    moved |= ProgressOther((workers_->rank() + distance) % workers_->size());
  }
  const auto finished = [this](int range) {
    return std::all_of(owners_.begin(), owners_.end(),
                       [range](const Owner& owner) { return owner.done >= owner.range_end[range]; });
  };
  while (finished_ < launched_ && finished(finished_)) ++finished_;
  return moved;
}

bool RangeReduction::done() const {
  const Owner& own = owners_[workers_->rank()];
  return finished_ == launched_ && own.sent == own.started;
}

// Starts to receive the parts of as many chunks as the window has room for.
void RangeReduction::PostParts() {
  Owner& owner = own();
  while (owner.posted < owner.chunks.size() && owner.posted < owner.done + options_.window) {
    const size_t place = owner.posted % options_.window * remote_nodes_;
    for (const Node& node : nodes_) {
      if (node.worker == workers_->rank()) continue;
      owner.incoming[place + node.number] =
          Receive(Part(owner.posted, node.number), owner.chunks[owner.posted], node.worker, kPartTag);
    }
    ++owner.posted;
  }
}

bool RangeReduction::ProgressOwn() {
  Owner& owner = own();
  bool moved = false;
  while (owner.done < owner.posted && PartsHaveCome(owner.done) && owner.done < owner.launched) {
    Sum(owner.done);
    SendSum(owner.chunks[owner.done]);
    ++owner.done;
    parts_come_ = 0;
    PostParts();
    moved = true;
  }
  return TestSends(&owner) || moved;
}

bool RangeReduction::PartsHaveCome(size_t chunk) {
  Request* requests = own().incoming.data() + chunk % options_.window * remote_nodes_;
  while (parts_come_ < static_cast<size_t>(remote_nodes_) && workers_->Test(&requests[parts_come_])) ++parts_come_;
  return parts_come_ == static_cast<size_t>(remote_nodes_);
}

void RangeReduction::Sum(size_t index) {
  const Chunk& chunk = own().chunks[index];
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const int number = nodes_[i].number;
    if (nodes_[i].worker == workers_->rank()) {
      inputs_[i] = values_[number] + chunk.begin;
    } else if (chunk.wire == DType::kF32) {
      inputs_[i] = reinterpret_cast<float*>(Part(index, number));
    } else {
      inputs_[i] = wide_parts_.data<float>() + number * longest_chunk_;
      Cast(chunk.wire, Part(index, number), DType::kF32, inputs_[i], chunk.elements);
    }
  }
  float* sum = result_ + chunk.begin;
  ParallelRanges(chunk.elements, kBlock, kSerialElements,
                 [this, sum](int64_t begin, int64_t end) { AddNodes(begin, end, sum); });
  if (chunk.wire == DType::kF32) return;
  Cast(DType::kF32, sum, chunk.wire, Wire(0, chunk.begin), chunk.elements);
  Cast(chunk.wire, Wire(0, chunk.begin), DType::kF32, sum, chunk.elements);
}

// Elements [begin, end) of the inputs.
void RangeReduction::AddNodes(int64_t begin, int64_t end, float* sum) const {
  if (additions_.empty() && sum != inputs_[0]) std::copy(inputs_[0] + begin, inputs_[0] + end, sum + begin);
  for (int64_t block = begin; block < end; block += kBlock) {
    const int64_t block_end = std::min(end, block + kBlock);
    for (size_t i = 0; i < additions_.size(); ++i) {
      const float* a = inputs_[additions_[i].to];
      const float* b = inputs_[additions_[i].from];
      float* to = i + 1 == additions_.size() ? sum : inputs_[additions_[i].to];
#pragma omp simd
      for (int64_t k = block; k < block_end; ++k) to[k] = a[k] + b[k];
    }
  }
}

void RangeReduction::SendSum(const Chunk& chunk) {
  const void* data = result_ + chunk.begin;
  if (chunk.wire != DType::kF32) data = Wire(0, chunk.begin);
  for (int distance = 1; distance < workers_->size(); ++distance) {
    own().Start(Send(data, chunk, (workers_->rank() + distance) % workers_->size(), kSumTag));
  }
}

bool RangeReduction::ProgressOther(int worker) {
  Owner& owner = owners_[worker];
  bool moved = TestSends(&owner);
  // Only where the parts have left may the sum come.
  for (; owner.posted < owner.launched && owner.sent >= (owner.posted + 1) * mine_.size(); ++owner.posted) {
    const Chunk& chunk = owner.chunks[owner.posted];
    void* to = result_ + chunk.begin;
    if (chunk.wire != DType::kF32) to = Wire(0, chunk.begin);
    owner.incoming[owner.posted] = Receive(to, chunk, worker, kSumTag);
  }
  for (; owner.done < owner.posted && workers_->Test(&owner.incoming[owner.done]); ++owner.done) {
    const Chunk& chunk = owner.chunks[owner.done];
    if (chunk.wire != DType::kF32) {
      Cast(chunk.wire, Wire(0, chunk.begin), DType::kF32, result_ + chunk.begin, chunk.elements);
    }
    moved = true;
  }
  return moved;
}

bool RangeReduction::TestSends(Owner* owner) {
  const size_t before = owner->sent;
  while (owner->sent < owner->started && workers_->Test(&owner->outgoing[owner->sent])) ++owner->sent;
  return owner->sent > before;
}

Request RangeReduction::Send(const void* data, const Chunk& chunk, int worker, int tag) {
  const size_t bytes = chunk.elements * SizeOf(chunk.wire);
  bytes_sent_ += bytes;
  return workers_->Send(data, bytes, worker, tag);
}

Request RangeReduction::Receive(void* data, const Chunk& chunk, int worker, int tag) {
  return workers_->Receive(data, chunk.elements * SizeOf(chunk.wire), worker, tag);
}

std::byte* RangeReduction::Part(size_t chunk, int remote_node) const {
  const int64_t place = static_cast<int64_t>(chunk % options_.window) * remote_nodes_ + remote_node;
  return parts_.raw() + place * longest_chunk_ * sizeof(float);
}

std::byte* RangeReduction::Wire(size_t node, int64_t element) const {
  return wire_.raw() + (node * end_ + element) * sizeof(BFloat16);
}

}  // namespace espalier
