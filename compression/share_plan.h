// What the phases of a job share: `share_weights` of the job language, proven against the network.
#ifndef ESPALIER_COMPRESSION_SHARE_PLAN_H_
#define ESPALIER_COMPRESSION_SHARE_PLAN_H_

#include <set>
#include <string>
#include <vector>

#include "compression/kmeans.h"
#include "compression/layer_patterns.h"
#include "core/parameters.h"
#include "proto/job.pb.h"

namespace espalier {

struct SharedParameter {
  int parameter = 0;
  int bits = 0;  // of a code: 2^bits values, zero among them
};

struct PhaseSharing {
  // At the phase's beginning.
  std::vector<SharedParameter> shares;
  KMeansStart start = KMeansStart::kLinear;
  // Parameters whose weights share values in this phase, from here or before; ascending.
  std::vector<int> shared;
};

// Goes through a job's phases in their order.
class SharePlanner {
 public:
  // `layout` must outlive this. `error` takes what is wrong with the job.
  SharePlanner(const ParameterLayout& layout, JobErrorSink error)
      : layout_(layout), error_(std::move(error)), layers_(WeightedLayers(layout)) {}

  // `path` is the phase's: "phase[1]". Of use only if no error was reported.
  PhaseSharing Next(const Phase& phase, const std::string& path);

 private:
  std::vector<SharedParameter> SharesOf(const ShareWeights& share, const std::string& path) const;
  void CheckOptimum(const PhaseSharing& sharing, const std::string& path) const;

  const ParameterLayout& layout_;
  const JobErrorSink error_;
  const std::vector<WeightedLayer> layers_;
  std::set<int> in_force_;
};

// "shares values: 266,200 weights in 3 layers, 4 to 6 bits"; empty if the phase begins no sharing.
std::string DescribeSharing(const PhaseSharing& sharing, const ParameterLayout& layout);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_SHARE_PLAN_H_
