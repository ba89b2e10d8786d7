// EIE's design space: what queues, processing elements and the width of the matrix SRAM do to a layer.
#ifndef ESPALIER_HW_EIE_STUDY_H_
#define ESPALIER_HW_EIE_STUDY_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "hw/eie/benchmarks.h"
#include "hw/eie/config.h"
#include "hw/eie/counters.h"

namespace espalier {

// A layer on a chip.
struct EieStudyTask {
  EieBenchmark benchmark;
  uint64_t seed = 1;
  int64_t non_zeros = 0;  // activations
  EieConfig config;
};

struct EieStudyResult {
  EieCounters counters;
  int64_t tiles = 0;
  bool fits_alone = true;
  int64_t load_bytes = 0;
  double run_s = 0;  // processor time of emulating the layer, once it is compiled
};

// Runs all tasks with the fast model, side by side on all cores; results in the order of the tasks.
absl::StatusOr<std::vector<EieStudyResult>> RunEieStudy(const std::vector<EieStudyTask>& tasks);

// Chips for the studies of the paper's sections VI-A to VI-C. `values`: queue depths, widths in bits, elements.
EieConfig EieWithQueueDepth(int depth);
EieConfig EieWithMatrixWidth(int bits);
// Its memories and registers hold the layer as a whole, so that elements differ in number alone.
EieConfig EieWithElements(int elements, const EieBenchmark& benchmark);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_STUDY_H_
