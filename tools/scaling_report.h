// Predictions of the scaling model as a table for people, CSV for programs, and charts.
#ifndef ESPALIER_TOOLS_SCALING_REPORT_H_
#define ESPALIER_TOOLS_SCALING_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "parallel/scaling_model.h"
#include "tools/chart.h"

namespace espalier {

// "direct", "ring", "halving_doubling".
std::string AlgorithmName(AllReduceAlgorithm algorithm);
inline constexpr AllReduceAlgorithm kAllReduceAlgorithms[] = {AllReduceAlgorithm::kDirect, AllReduceAlgorithm::kRing,
                                                              AllReduceAlgorithm::kHalvingDoubling};

// One number of ranks on one network by one algorithm.
struct ScalingPoint {
  AllReduceAlgorithm algorithm = AllReduceAlgorithm::kDirect;
  int ranks = 1, hosts = 1;
  int64_t batch = 0;  // of a step, all ranks together
  StepTime time;
  double images_per_s = 0;
  double efficiency = 0;       // images_per_s over `ranks` times that of one rank
  double best_bucket_mib = 0;  // the bucket size with the shortest step
};

struct ScalingCurve {
  std::string network;               // "hdr"
  std::string label;                 // "HDR InfiniBand"
  std::vector<ScalingPoint> points;  // ascending ranks; of each, one for each algorithm
};

// A row for each number of ranks: the times of `shown`, and the other algorithms' efficiency beside it.
std::string ScalingTable(const ScalingCurve& curve, AllReduceAlgorithm shown);

// A header line, then one line a point; plain numbers in seconds.
std::string ScalingCsv(const std::vector<ScalingCurve>& curves);

// Efficiency and images a second over ranks, a series for each network.
std::vector<Chart> ScalingCharts(const std::string& network, const std::vector<ScalingCurve>& curves,
                                 AllReduceAlgorithm shown);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SCALING_REPORT_H_
