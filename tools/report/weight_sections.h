// What a report says of the weights: of their distributions from histograms.jsonl, of how much can be pruned from
// sensitivity.csv.
#ifndef ESPALIER_TOOLS_REPORT_WEIGHT_SECTIONS_H_
#define ESPALIER_TOOLS_REPORT_WEIGHT_SECTIONS_H_

#include <vector>

#include "absl/types/span.h"
#include "core/status.h"
#include "proto/job.pb.h"
#include "tools/report/csv.h"
#include "tools/report/report.h"
#include "tools/weight_histogram.h"

namespace espalier {

// The share of each layer's weights that are zero, over the steps and at the end. Without zeros anywhere, nothing but a
// remark.
ReportSection SparsitySection(absl::Span<const WeightHistogram> histograms, const std::vector<ChartMarker>& phases);

// A histogram per weight and moment, the moments of a weight side by side in the same bins: first and last of each
// phase, where something changed. `job`, where it is known, tells what a phase's beginning did; may be null.
ReportSection HistogramSection(absl::Span<const WeightHistogram> histograms, const Job* job);

// Top-1 over the sparsity of one layer at a time, a curve for each. InvalidArgument names what is missing of the
// columns layer, sparsity, top1.
absl::StatusOr<ReportSection> SensitivitySection(const CsvTable& table);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_WEIGHT_SECTIONS_H_
