// The curves of a run: charts of its metrics, for the end of the run, for curves.svg and for reports.
#ifndef ESPALIER_TOOLS_CURVES_H_
#define ESPALIER_TOOLS_CURVES_H_

#include <vector>

#include "absl/types/span.h"
#include "tools/chart.h"
#include "tools/metrics_record.h"

namespace espalier {

enum class CurveAxis { kEpochs, kSteps };

// Where phases begin, told apart by name only; the first begins where the first record's training did.
std::vector<ChartMarker> PhaseMarkers(absl::Span<const MetricsRecord> records, CurveAxis axis);

// Loss, then top-1, top-5, learning rate and sparsity as far as the records have them; one curve a split, a marker
// where each phase begins. The loss has a logarithmic scale if it falls far. What is no figure of a split has one
// series without a name.
std::vector<Chart> CurvesOf(absl::Span<const MetricsRecord> records, CurveAxis axis = CurveAxis::kEpochs);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CURVES_H_
