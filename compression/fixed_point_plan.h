// Which weights the phases of a job keep in fixed point: `fixed_point` of the job language, proven against the network.
#ifndef ESPALIER_COMPRESSION_FIXED_POINT_PLAN_H_
#define ESPALIER_COMPRESSION_FIXED_POINT_PLAN_H_

#include <map>
#include <string>
#include <vector>

#include "compression/layer_patterns.h"
#include "core/parameters.h"
#include "proto/job.pb.h"

namespace espalier {

struct PhaseFixedPoint {
  // Whether units are chosen at the phase's beginning.
  bool begins = false;
  // The bits of the parameters whose weights are in fixed point in this phase, from here or before.
  std::map<int, int> bits;
};

// Goes through a job's phases in their order.
class FixedPointPlanner {
 public:
  // `layout` must outlive this. `error` takes what is wrong with the job.
  FixedPointPlanner(const ParameterLayout& layout, JobErrorSink error)
      : layout_(layout), error_(std::move(error)), layers_(WeightedLayers(layout)) {}

  // `path` is the phase's: "phase[1]". Of use only if no error was reported.
  PhaseFixedPoint Next(const Phase& phase, const std::string& path);

 private:
  const ParameterLayout& layout_;
  const JobErrorSink error_;
  const std::vector<WeightedLayer> layers_;
  std::map<int, int> in_force_;
};

// "266,200 weights in fixed point of 8 bits"; empty if the phase chooses no units.
std::string DescribeFixedPoint(const PhaseFixedPoint& fixed_point, const ParameterLayout& layout);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_FIXED_POINT_PLAN_H_
