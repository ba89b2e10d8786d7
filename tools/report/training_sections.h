// What a report says of the job and of its training: from job.pbtxt and metrics.jsonl.
#ifndef ESPALIER_TOOLS_REPORT_TRAINING_SECTIONS_H_
#define ESPALIER_TOOLS_REPORT_TRAINING_SECTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/status.h"
#include "proto/job.pb.h"
#include "tools/metrics_record.h"
#include "tools/report/report.h"

namespace espalier {

// "prune, share_weights": what a phase does to weights beside training them; empty for none.
std::string ChangesOf(const Phase& phase);
// As runs call it: its name, or "phase 2" for the second one without.
std::string NameOfPhase(const Job& job, int phase);

// The job's name, its network's and its phases. `text` is the file that it was read from, `network` a sentence on the
// network or empty.
ReportSection JobSection(const Job& job, const std::string& network, const std::string& text);

// Loss, accuracy, learning rate and sparsity over the steps.
ReportSection CurvesSection(absl::Span<const MetricsRecord> records);

// Where phases begin, by steps. A job of one phase has none.
std::vector<ChartMarker> MarkersOfPhases(absl::Span<const MetricsRecord> records);

// Top-1 at the last validation, and before the first phase that compresses; the sparsity at the end.
std::vector<Highlight> TrainingHighlights(const Job* job, absl::Span<const MetricsRecord> records);

// Every n-th of more than about `most` points, and the last.
FigureSeries Thinned(FigureSeries series, size_t most);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_TRAINING_SECTIONS_H_
