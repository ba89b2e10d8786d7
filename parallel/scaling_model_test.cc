#include "parallel/scaling_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "parallel/scaling_networks.h"

namespace espalier {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr double kMega = 1e6;

// Round figures: a message costs 1 ms, the network's latency is 10 ms, a host's link carries 1 MB a second.
Cluster RoundCluster(int ranks_per_host) {
  Cluster cluster;
  cluster.ranks_per_host = ranks_per_host;
  cluster.within = {0, 1e-3, 10 * kMega, false};
  cluster.between = {10e-3, 1e-3, kMega, true};
  cluster.memory_bytes_per_s = 100 * kMega;
  return cluster;
}

// Nothing costs time.
Cluster FreeCluster() {
  Cluster cluster;
  cluster.within.bytes_per_s = cluster.between.bytes_per_s = cluster.memory_bytes_per_s = kInfinity;
  return cluster;
}

// Two gradients of 500 kB, final halfway and at the end of a backward pass of 2 s.
StepWork TwoGradients() {
  StepWork work;
  work.forward_s = 1;
  work.backward_s = 2;
  work.update_s = 0.5;
  work.gradients = {{1, kMega / 2}, {2, kMega / 2}};
  return work;
}

ExchangeOptions Buckets(double bytes, AllReduceAlgorithm algorithm = AllReduceAlgorithm::kDirect) {
  ExchangeOptions options;
  options.bucket_bytes = bytes;
  options.algorithm = algorithm;
  return options;
}

TEST(PredictAllReduce, DirectByHand) {
  const Cluster cluster = RoundCluster(2);
  // In one host: two messages, 2 * 1/2 * 1 MB at 10 MB/s, the sum's 3 * 1/2 MB at 100 MB/s.
  ExchangeTime time = PredictAllReduce(kMega, 2, cluster, {});
  EXPECT_DOUBLE_EQ(time.own_s, 0.002 + 0.1 + 0.015);
  EXPECT_DOUBLE_EQ(time.flight_s, 0);
  // Two hosts: each rank sends 2 * 1 messages in its host and 2 * 2 out of it, each of 250 kB.
  time = PredictAllReduce(kMega, 4, cluster, {});
  EXPECT_DOUBLE_EQ(time.own_s, 0.006 + 2 * 0.25 / 10 + 3 * 0.75 / 100);
  EXPECT_DOUBLE_EQ(time.flight_s, 2 * 0.010 + 2 * 2 * 2 * 0.25);
}

TEST(PredictAllReduce, SmallOnesHaveFewOwnersAndLargeOnesManyMessages) {
  Cluster cluster = FreeCluster();
  cluster.between.bytes_per_s = kMega;
  // 16 KiB have four owners of 4 KiB: each gets three parts from owners and 12 from others, and as many sums come.
  EXPECT_DOUBLE_EQ(PredictAllReduce(16384, 16, cluster, {}).flight_s, (4 + 16 - 2) * 4096 / kMega);
  // Four bytes have one, which sends the sum to all.
  EXPECT_DOUBLE_EQ(PredictAllReduce(4, 16, cluster, {}).flight_s, 15 * 4 / kMega);
  // Half of 8 MiB in pieces of 512 KiB.
  cluster = FreeCluster();
  cluster.between.overhead_s = 1;
  EXPECT_DOUBLE_EQ(PredictAllReduce(8 << 20, 2, cluster, {}).own_s, 2 * 8);
}

TEST(PredictAllReduce, ProcessorsThatCopyForTheNetworkPayForIt) {
  Cluster cluster = RoundCluster(1);
  const ExchangeTime offloaded = PredictAllReduce(kMega, 4, cluster, {});
  cluster.between.offloaded = false;
  const ExchangeTime copied = PredictAllReduce(kMega, 4, cluster, {});
  // 750 kB out and as many in, twice, two bytes moved for each.
  EXPECT_NEAR(copied.own_s - offloaded.own_s, 8 * 0.75 / 100, 1e-12);
  EXPECT_DOUBLE_EQ(copied.flight_s, offloaded.flight_s);
}

TEST(PredictAllReduce, SixteenBitsHalveWhatTravelsAndAddConversions) {
  const Cluster cluster = RoundCluster(1);
  ExchangeOptions half;
  half.wire_bytes = 2;
  const ExchangeTime f32 = PredictAllReduce(kMega, 2, cluster, {}), bf16 = PredictAllReduce(kMega, 2, cluster, half);
  EXPECT_DOUBLE_EQ(f32.flight_s - 0.020, 2 * (bf16.flight_s - 0.020));
  EXPECT_NEAR(bf16.own_s - f32.own_s, 2 * 1.5 / 100, 1e-12);
}

TEST(PredictAllReduce, RingAndHalvingByHand) {
  const Cluster cluster = RoundCluster(2);
  // Six rounds of 250 kB, at the pace of the network.
  const ExchangeTime ring = PredictAllReduce(kMega, 4, cluster, Buckets(1, AllReduceAlgorithm::kRing));
  EXPECT_DOUBLE_EQ(ring.own_s, 0.006 + 3 * 0.75 / 100);
  EXPECT_NEAR(ring.flight_s, 6 * (0.010 + 0.25), 1e-12);
  // 500 kB in the host, 250 kB out of it, for both of its ranks; and back.
  const ExchangeTime halving = PredictAllReduce(kMega, 4, cluster, Buckets(1, AllReduceAlgorithm::kHalvingDoubling));
  EXPECT_DOUBLE_EQ(halving.own_s, 0.004 + 2 * 0.5 / 10 + 3 * 0.75 / 100);
  EXPECT_DOUBLE_EQ(halving.flight_s, 2 * (0.010 + 2 * 0.25));
  // Three ranks: one folds its megabyte into another's and gets them back.
  const ExchangeTime three = PredictAllReduce(kMega, 3, cluster, Buckets(1, AllReduceAlgorithm::kHalvingDoubling));
  EXPECT_DOUBLE_EQ(three.flight_s, 2 * (0.010 + 2));
}

TEST(PredictAllReduce, AlgorithmsMoveTheSameBytesWithOneRankPerHost) {
  // Without latency and overhead all three are optimal: 2 (R - 1)/R n over each link.
  Cluster cluster = FreeCluster();
  cluster.between.bytes_per_s = kMega;
  for (const int ranks : {2, 16, 4096}) {
    for (const auto algorithm :
         {AllReduceAlgorithm::kDirect, AllReduceAlgorithm::kRing, AllReduceAlgorithm::kHalvingDoubling}) {
      const double seconds = PredictAllReduce(64 * kMega, ranks, cluster, Buckets(1, algorithm)).total_s();
      EXPECT_NEAR(seconds, 64 * 2.0 * (ranks - 1) / ranks, 1e-9) << ranks;
    }
  }
}

TEST(PredictStep, OneRankOnlyComputes) {
  const StepTime time = PredictStep(TwoGradients(), 1, RoundCluster(1), {});
  EXPECT_EQ(time.step_s, 3.5);
  EXPECT_EQ(time.exposed_s(), 0);
  EXPECT_EQ(time.communication_s, 0);
}

TEST(PredictStep, NothingIsExposedWhereNothingTakesTime) {
  for (const int ranks : {2, 3, 64, 4096}) {
    const StepTime time = PredictStep(TwoGradients(), ranks, FreeCluster(), {});
    EXPECT_EQ(time.exposed_s(), 0) << ranks;
  }
}

TEST(PredictStep, FlightHidesBehindTheBackwardPassAndOwnWorkDoesNot) {
  Cluster cluster = FreeCluster();
  cluster.between = {0.25, 0, kInfinity, true};
  // The first bucket takes off at 1 and has landed at 1.5; the second at 2, and lands at 2.5.
  StepTime time = PredictStep(TwoGradients(), 2, cluster, Buckets(kMega / 2));
  EXPECT_EQ(time.buckets, 2);
  EXPECT_DOUBLE_EQ(time.communication_s, 1);
  EXPECT_DOUBLE_EQ(time.exposed_s(), 0.5);
  // Longer than the rest of the backward pass: the second waits for the first until 1 + 4, and lands at 9.
  cluster.between.latency_s = 2;
  time = PredictStep(TwoGradients(), 2, cluster, Buckets(kMega / 2));
  EXPECT_DOUBLE_EQ(time.exposed_s(), 7);
  // One bucket starts late but pays the latency once.
  StepWork one = TwoGradients();
  one.gradients = {{2, kMega}};
  time = PredictStep(one, 2, cluster, Buckets(kMega));
  EXPECT_EQ(time.buckets, 1);
  EXPECT_DOUBLE_EQ(time.exposed_s(), 4);
  // Work of its own delays the rank in full: two messages of 0.1 s for each of two buckets.
  cluster.between = {0, 0.1, kInfinity, true};
  EXPECT_DOUBLE_EQ(PredictStep(TwoGradients(), 2, cluster, Buckets(kMega / 2)).exposed_s(), 0.4);
}

TEST(PredictStep, BucketsHoldAFourthOfAllAtMost) {
  StepWork work = TwoGradients();
  work.gradients.clear();
  for (int i = 1; i <= 16; ++i) work.gradients.push_back({2.0 * i / 16, kMega});
  EXPECT_EQ(PredictStep(work, 2, RoundCluster(1), Buckets(2 * kMega)).buckets, 8);
  EXPECT_EQ(PredictStep(work, 2, RoundCluster(1), Buckets(3 * kMega)).buckets, 6);
  EXPECT_EQ(PredictStep(work, 2, RoundCluster(1), Buckets(100 * kMega)).buckets, 4);
}

TEST(PredictStep, RunningStatisticsComeLastInF32) {
  Cluster cluster = FreeCluster();
  cluster.between.bytes_per_s = kMega;
  StepWork work = TwoGradients();
  work.gradients = {{0, kMega}};
  ExchangeOptions half = Buckets(kMega);
  half.wire_bytes = 2;
  // Half a megabyte, until 0.5 s after the backward pass began; then, after it, all of another.
  EXPECT_EQ(PredictStep(work, 2, cluster, half).exposed_s(), 0);
  work.state_bytes = kMega;
  const StepTime time = PredictStep(work, 2, cluster, half);
  EXPECT_EQ(time.buckets, 2);
  EXPECT_DOUBLE_EQ(time.communication_s, 1.5);
  EXPECT_DOUBLE_EQ(time.exposed_s(), 1);
}

TEST(PredictStep, MoreRanksAndSlowerNetworksTakeLonger) {
  for (const auto algorithm :
       {AllReduceAlgorithm::kDirect, AllReduceAlgorithm::kRing, AllReduceAlgorithm::kHalvingDoubling}) {
    const ExchangeOptions options = Buckets(kMega / 2, algorithm);
    for (const int per_host : {1, 4}) {
      double before = 0;
      for (int ranks = 1; ranks <= 4096; ranks *= 2) {
        const double seconds = PredictStep(TwoGradients(), ranks, RoundCluster(per_host), options).step_s;
        EXPECT_GE(seconds, before) << ranks;
        before = seconds;
        for (double Transport::*cost : {&Transport::latency_s, &Transport::overhead_s}) {
          Cluster slower = RoundCluster(per_host);
          slower.between.*cost *= 2;
          EXPECT_GE(PredictStep(TwoGradients(), ranks, slower, options).step_s, seconds);
        }
        Cluster faster = RoundCluster(per_host);
        faster.between.bytes_per_s *= 2;
        EXPECT_LE(PredictStep(TwoGradients(), ranks, faster, options).step_s, seconds);
      }
    }
  }
}

TEST(PredictStep, WeakScalingKeepsEfficiencyLongerThanStrongScaling) {
  const Cluster cluster = RoundCluster(1);
  double weak_before = 1;
  for (int ranks = 2; ranks <= 256; ranks *= 2) {
    const StepWork weak = TwoGradients();
    StepWork strong = weak;  // the same global batch, cut into `ranks` parts
    strong.forward_s /= ranks;
    strong.backward_s /= ranks;
    for (GradientWork& gradient : strong.gradients) gradient.ready_s /= ranks;
    const double one = weak.compute_s();
    const double weak_efficiency = one / PredictStep(weak, ranks, cluster, {}).step_s;
    const double strong_efficiency = one / ranks / PredictStep(strong, ranks, cluster, {}).step_s;
    EXPECT_LT(strong_efficiency, weak_efficiency) << ranks;
    EXPECT_LE(weak_efficiency, weak_before);
    weak_before = weak_efficiency;
  }
}

TEST(BestBucketBytes, LatencyAsksForLargeBucketsAndOverlapForSmallOnes) {
  StepWork work;
  work.backward_s = 1;
  for (int i = 1; i <= 100; ++i) work.gradients.push_back({i / 100.0, 1 << 20});
  Cluster cluster = FreeCluster();
  cluster.between = {1, 0, kInfinity, true};
  EXPECT_EQ(BestBucketBytes(work, 16, cluster, {}), 32 << 20);  // a fourth of all
  cluster.between = {0, 0, 200e6, true};
  EXPECT_LE(BestBucketBytes(work, 16, cluster, {}), 1 << 20);
}

TEST(Networks, NamesAreDistinctAndFiguresPlausible) {
  double before = 0;
  for (const NamedNetwork& network : Networks()) {
    EXPECT_GT(network.transport.bytes_per_s, before) << network.name;
    before = network.transport.bytes_per_s;
    EXPECT_GT(network.transport.latency_s, 1e-7) << network.name;
    EXPECT_LT(network.transport.overhead_s, network.transport.latency_s) << network.name;
  }
}

}  // namespace
}  // namespace espalier
