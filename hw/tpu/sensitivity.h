// How the applications' speed depends on the TPU's parameters, as in Figure 11 of Jouppi et al., ISCA 2017.
#ifndef ESPALIER_HW_TPU_SENSITIVITY_H_
#define ESPALIER_HW_TPU_SENSITIVITY_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "hw/tpu/applications.h"

namespace espalier::tpu {

// A parameter that is scaled.
struct Scaling {
  std::string name;
  absl::Span<const double> factors;
  Config (*scale)(Config config, double factor);
};

// memory: bandwidth of weight memory. clock, clock+: the latter with as many more accumulators. matrix, matrix+: the
// array's side, with the paths beside it; the latter with accumulators growing as the array's area.
std::vector<Scaling> Scalings();

struct SensitivityPoint {
  std::string scaling;
  double factor = 1;
  // Over factor 1, by application; not a number where the scaled TPU has no room for it.
  std::vector<double> speedups;
  double weighted_mean = 0;  // by deployment; not a number if one of them is not
};

// The scalings by all of their factors, 0.25 to 4 (of the array: 0.5 to 2). What Table 5 says of the host is left out,
// as in the paper's model. InvalidArgument if the TPU itself has no room for an application.
absl::StatusOr<std::vector<SensitivityPoint>> RunSensitivity(const Config& config,
                                                             const std::vector<Application>& applications,
                                                             const std::vector<Scaling>& scalings);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_SENSITIVITY_H_
