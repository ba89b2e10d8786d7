// A model of the time that a training step takes on R ranks (1 to 4,096), of which k share a host:
//
//   step = forward + update + max(backward + sum of own(b), landed(B))               over the buckets b = 1 .. B
//   landed(b) = max(ready(b) + sum of own(i) for i <= b, landed(b - 1)) + flight(b)
//
// Buckets are cut as parallel/all_reduce.h does; the last holds the running statistics. ready(b) is the moment of the
// backward pass at which the last gradient of bucket b is final. own(b) is the time of its all-reduce that a rank
// spends itself (handling messages, copying, summing): it delays the rank's computation whenever it happens. flight(b)
// is the time under way: it hides behind the rest of the backward pass, and what is left after that shows. One rank:
// forward + backward + update.
//
// An all-reduce of n bytes by the direct algorithm (parallel/range_reduction.h): S = min(R, n / 4 KiB) ranks own a
// segment each. All send their parts of a segment to its owner, who sums them and sends the sum to all, in c messages
// of at most 512 KiB. An owner sends, and gets, m = c (S + R - 2) messages of f n = (S + R - 2)/S n bytes, of which h =
// (k - 1)/(R - 1) stay in its host. With L the latency, o what a message out and one in cost their rank, W the
// bandwidth, in a host (s) and of the host's link to the network (n), and M the bytes that a rank reads and writes a
// second:
//
//   own    = m h o_s + m (1 - h) o_n + f h n / W_s + 3 (R - 1)/S n / M + 4 f (1 - h) n / M
//   flight = 2 L + k f (1 - h) n / W_n                                    where L is L_n on several hosts, else L_s
//
// The last term of `own` counts where the rank's processor copies what the network carries (TCP): two bytes moved for
// each byte out and each in. Gradients that travel in 16 bits halve n but for the sum, and add the conversions.
//
//   ring:              2 (R - 1) rounds of n/R bytes to the next rank; each round has a latency of its own
//   halving/doubling:  rounds of n/2, n/4, ... n/R bytes and back, those in the host first (Thakur, Rabenseifner, Gropp
//                      2005, section 4.4); where R is no power of two, n bytes more at either end
//
// What it leaves out: ranks that are slower than others, traffic of other jobs, switches that cannot carry all hosts'
// links at full rate. In that respect the speeds it predicts are upper bounds.
#ifndef ESPALIER_PARALLEL_SCALING_MODEL_H_
#define ESPALIER_PARALLEL_SCALING_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

namespace espalier {

// How messages travel.
struct Transport {
  double latency_s = 0;    // of an empty message
  double overhead_s = 0;   // of one message out and one in, to their rank
  double bytes_per_s = 0;  // in a host: of one rank; between hosts: of a host's link, in each direction
  // Whether hardware moves the bytes, without the ranks' processors.
  bool offloaded = false;
};

struct Cluster {
  int ranks_per_host = 1;
  Transport within, between;      // a host, hosts
  double memory_bytes_per_s = 0;  // read and written, by one rank
};

enum class AllReduceAlgorithm { kDirect, kRing, kHalvingDoubling };

// What one all-reduce, or a step's, is done by.
struct ExchangeOptions {
  AllReduceAlgorithm algorithm = AllReduceAlgorithm::kDirect;
  // A bucket is full with this many bytes of gradients in f32, or with a fourth of all.
  double bucket_bytes = 4 << 20;
  int wire_bytes = 4;  // that an element travels as: 4 or 2
};

struct ExchangeTime {
  double own_s = 0, flight_s = 0;
  double total_s() const { return own_s + flight_s; }
};

// Of one all-reduce of `bytes` bytes of f32.
ExchangeTime PredictAllReduce(double bytes, int ranks, const Cluster& cluster, const ExchangeOptions& options);

// A gradient that becomes final `ready_s` seconds after the backward pass began.
struct GradientWork {
  double ready_s = 0;
  double bytes = 0;  // in f32
};

// What one rank computes in a step.
struct StepWork {
  double forward_s = 0, backward_s = 0, update_s = 0;
  std::vector<GradientWork> gradients;  // ascending by ready_s, at most backward_s
  double state_bytes = 0;               // running statistics, in f32
  double compute_s() const { return forward_s + backward_s + update_s; }
};

struct StepTime {
  double step_s = 0;
  double compute_s = 0;        // forward, backward, update
  double communication_s = 0;  // of all buckets, own and flight
  int buckets = 0;
  // By how much communication lengthens the step.
  double exposed_s() const { return step_s - compute_s; }
};

StepTime PredictStep(const StepWork& work, int ranks, const Cluster& cluster, const ExchangeOptions& options);

// The bucket size, of 1/4, 1/2, 1, ... 1,024 MiB, with the shortest step; of equals the least.
double BestBucketBytes(const StepWork& work, int ranks, const Cluster& cluster, ExchangeOptions options);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SCALING_MODEL_H_
