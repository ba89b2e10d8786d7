#include "parallel/scaling_networks.h"

namespace espalier {
namespace {

// What TCP over Ethernet leaves of the line's rate: over 95 %, measured at 10 Gb/s with one stream between EC2
// c3.8xlarge (blogs.scalablelogic.com, "Enhanced Networking in the AWS Cloud - Part 2", 2014).
constexpr double kTcpShare = 0.95;
constexpr double kBitsPerByte = 8;

// A message's cost to its rank is the inverse of the rate at which one rank sends messages of one byte: by osu_bw
// 0.23 MB/s over TCP and 5.53 MB/s over InfiniBand (gist.github.com/jfgrimm/3af692a5475bdd4ed836b5a18197a209, 2021).
constexpr double kTcpOverhead = 1 / 0.23e6;
constexpr double kInfiniBandOverhead = 1 / 5.53e6;

Transport TcpEthernet(double latency_s, double bits_per_s) {
  return {latency_s, kTcpOverhead, kTcpShare * bits_per_s / kBitsPerByte, /*offloaded=*/false};
}

Transport InfiniBand(double latency_s, double bytes_per_s) {
  return {latency_s, kInfiniBandOverhead, bytes_per_s, /*offloaded=*/true};
}

}  // namespace

const std::vector<NamedNetwork>& Networks() {
  static const auto* const kNetworks = new std::vector<NamedNetwork>{
      // osu_latency 37.07 us between EC2 c4.8xlarge (10 Gb/s), 32.43 us between m4.32xlarge (20 Gb/s):
      // blog.rescale.com,
      // the OSU benchmarks on machines of three clouds.
      {"10gbe", "10 GbE", TcpEthernet(37.07e-6, 10e9)},
      {"25gbe", "25 GbE", TcpEthernet(32.43e-6, 25e9)},
      // The latency is the kernel's, whatever the line's rate: sockperf 17.8 us (1,500 bytes) between two directly
      // connected hosts (github.com/F-Stack/f-stack issue 540).
      {"100gbe", "100 GbE", TcpEthernet(17.8e-6, 100e9)},
      // 100 Gb/s InfiniBand: osu_bibw 24,610 MB/s in both directions (github.com/openucx/ucx issue 7245); the latency
      // as for HDR below.
      {"edr", "EDR InfiniBand", InfiniBand(1.61e-6, 24.61e9 / 2)},
      // osu_latency 1.61 us with Open MPI, osu_mbw_mr 23,477 MB/s, between Azure HBv2 hosts
      // (techcommunity.microsoft.com
      // "HPC performance and scalability results with Azure HBv2 VMs", 2019).
      {"hdr", "HDR InfiniBand", InfiniBand(1.61e-6, 23.477e9)},
  };
  return *kNetworks;
}

// docs/all_reduce_points.csv, rounded: two cores of an AMD EPYC (Zen 3), Open MPI 4.1.
Transport SharedMemory() { return {0, 4.8e-6, 12.7e9, /*offloaded=*/false}; }
double MemoryBytesPerSecond() { return 15.5e9; }

}  // namespace espalier
