#include "parallel/scaling_model.h"

#include <algorithm>
#include <cmath>

#include "glog/logging.h"
#include "parallel/range_reduction.h"

namespace espalier {
namespace {

constexpr int kElementBytes = 4;
// Bytes that memory moves for each byte summed: both terms read, the sum written.
constexpr double kSumTraffic = 3;
// For each byte copied.
constexpr double kCopyTraffic = 2;

// Adds up what the rounds of an all-reduce take.
class Rounds {
 public:
  Rounds(double bytes, const Cluster& cluster, const ExchangeOptions& options)
      : cluster_(cluster), bytes_(bytes), wire_bytes_(bytes * options.wire_bytes / kElementBytes) {
    if (options.wire_bytes < kElementBytes) time_.own_s = 2 * (bytes + wire_bytes_) / cluster.memory_bytes_per_s;
  }

  // A rank adds `share` of the bytes to others.
  void Sum(double share) { time_.own_s += kSumTraffic * share * bytes_ / cluster_.memory_bytes_per_s; }

  // A rank sends, and receives, `messages` messages in its host with `share` of the bytes in all.
  void Within(double messages, double share) {
    if (messages == 0) return;
    time_.own_s += messages * cluster_.within.overhead_s + share * wire_bytes_ / cluster_.within.bytes_per_s;
  }
  // The same to other hosts, while `sharers` ranks use the host's link.
  void Between(double messages, double share, int sharers) {
    if (messages == 0) return;
    const Transport& transport = cluster_.between;
    time_.own_s += messages * transport.overhead_s;
    if (!transport.offloaded) time_.own_s += 2 * kCopyTraffic * share * wire_bytes_ / cluster_.memory_bytes_per_s;
    time_.flight_s += sharers * share * wire_bytes_ / transport.bytes_per_s;
  }
  void Latency(bool between, int count) {
    time_.flight_s += count * (between ? cluster_.between : cluster_.within).latency_s;
  }

  const ExchangeTime& time() const { return time_; }

 private:
  const Cluster& cluster_;
  const double bytes_, wire_bytes_;
  ExchangeTime time_;
};

void Direct(double bytes, int ranks, int on_host, Rounds* rounds) {
  const RangeReductionOptions reduction;
  const double elements = bytes / kElementBytes;
  const double segments =
      std::clamp(std::floor(elements / static_cast<double>(reduction.least_segment_elements)), 1.0, 1.0 * ranks);
  const double chunks = std::ceil(elements / segments / static_cast<double>(reduction.chunk_elements));
  const double partners = segments + ranks - 2, within = (on_host - 1.0) / (ranks - 1.0);
  rounds->Sum((ranks - 1) / segments);
  rounds->Within(chunks * partners * within, partners / segments * within);
  rounds->Between(chunks * partners * (1 - within), partners / segments * (1 - within), on_host);
  rounds->Latency(ranks > on_host, 2);
}

// The slowest link sets the pace of every round; one rank of a host uses the host's link.
void Ring(int ranks, int on_host, Rounds* rounds) {
  const int count = 2 * (ranks - 1);
  const double share = static_cast<double>(count) / ranks;
  rounds->Sum(share / 2);
  if (ranks > on_host) {
    rounds->Between(count, share, 1);
  } else {
    rounds->Within(count, share);
  }
  rounds->Latency(ranks > on_host, count);
}

void HalvingDoubling(int ranks, int on_host, Rounds* rounds) {
  const auto exchange = [&](bool within, double share) {
    if (within) {
      rounds->Within(2, 2 * share);
    } else {
      rounds->Between(2, 2 * share, on_host);
    }
    rounds->Latency(!within, 2);
  };
  rounds->Sum((ranks - 1.0) / ranks);
  int distance = 1;
  for (; 2 * distance <= ranks; distance *= 2) exchange(2 * distance <= on_host, 0.5 / distance);
  if (distance < ranks) exchange(ranks <= on_host, 1);
}

// GradientBuckets of parallel/all_reduce.h.
double FullBucketBytes(const StepWork& work, const ExchangeOptions& options) {
  constexpr double kLeastBytes = 64 * 1024;
  double all = 0;
  for (const GradientWork& gradient : work.gradients) all += gradient.bytes;
  return std::min(options.bucket_bytes, std::max(all / 4, kLeastBytes));
}

}  // namespace

ExchangeTime PredictAllReduce(double bytes, int ranks, const Cluster& cluster, const ExchangeOptions& options) {
  CHECK_GE(ranks, 1);
  CHECK_GE(cluster.ranks_per_host, 1);
  if (ranks == 1) return {};
  const int on_host = std::min(ranks, cluster.ranks_per_host);
  Rounds rounds(bytes, cluster, options);
  switch (options.algorithm) {
    case AllReduceAlgorithm::kDirect:
      Direct(bytes, ranks, on_host, &rounds);
      break;
    case AllReduceAlgorithm::kRing:
      Ring(ranks, on_host, &rounds);
      break;
    case AllReduceAlgorithm::kHalvingDoubling:
      HalvingDoubling(ranks, on_host, &rounds);
      break;
  }
  return rounds.time();
}

StepTime PredictStep(const StepWork& work, int ranks, const Cluster& cluster, const ExchangeOptions& options) {
  StepTime time;
  time.compute_s = time.step_s = work.compute_s();
  if (ranks == 1) return time;
  double own = 0, landed = 0;
  const auto exchange = [&](double ready_s, double bytes, const ExchangeOptions& how) {
    const ExchangeTime bucket = PredictAllReduce(bytes, ranks, cluster, how);
    own += bucket.own_s;
    landed = std::max(ready_s + own, landed) + bucket.flight_s;
    time.communication_s += bucket.total_s();
    ++time.buckets;
  };
  const double full = FullBucketBytes(work, options);
  double bytes = 0;
  for (size_t i = 0; i < work.gradients.size(); ++i) {
    bytes += work.gradients[i].bytes;
    if (bytes < full && i + 1 < work.gradients.size()) continue;
    exchange(work.gradients[i].ready_s, bytes, options);
    bytes = 0;
  }
  if (work.state_bytes > 0) {
    ExchangeOptions f32 = options;
    f32.wire_bytes = kElementBytes;
    exchange(work.backward_s, work.state_bytes, f32);
  }
  time.step_s = work.forward_s + std::max(work.backward_s + own, landed) + work.update_s;
  return time;
}

double BestBucketBytes(const StepWork& work, int ranks, const Cluster& cluster, ExchangeOptions options) {
  constexpr double kSmallest = 1 << 18, kGreatest = 1 << 30;
  double best = kSmallest, best_s = 0;
  for (double bytes = kSmallest; bytes <= kGreatest; bytes *= 2) {
    options.bucket_bytes = bytes;
    const double seconds = PredictStep(work, ranks, cluster, options).step_s;
    if (bytes > kSmallest && seconds >= best_s) continue;
    best = bytes;
    best_s = seconds;
  }
  return best;
}

}  // namespace espalier
