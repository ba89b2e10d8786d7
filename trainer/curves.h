// The curves of a run: charts of its metrics over the epochs, for the end of the run and for curves.svg.
#ifndef ESPALIER_TRAINER_CURVES_H_
#define ESPALIER_TRAINER_CURVES_H_

#include <vector>

#include "absl/types/span.h"
#include "tools/chart.h"
#include "tools/metrics_record.h"

namespace espalier {

// Loss, then top-1, top-5, learning rate and sparsity as far as the records have them; one curve a split, a marker
// where each phase begins. The loss has a logarithmic scale if it falls far.
std::vector<Chart> CurvesOf(absl::Span<const MetricsRecord> records);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_CURVES_H_
