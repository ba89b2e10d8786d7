// A sensitivity scan for people, for programs, and for the next job.
#ifndef ESPALIER_TOOLS_SENSITIVITY_REPORT_H_
#define ESPALIER_TOOLS_SENSITIVITY_REPORT_H_

#include <string>
#include <vector>

#include "tools/chart.h"
#include "tools/sensitivity_scan.h"

namespace espalier {

// A row for each layer: its weights, top-1 in percent at each sparsity, the suggested sparsity.
std::string SensitivityTable(const Sensitivity& sensitivity, const std::vector<double>& suggested);

// "layer,sparsity,top1,loss", a line for each; fractions.
std::string SensitivityCsv(const Sensitivity& sensitivity);

// Top-1 over sparsity, a curve for each layer.
Chart SensitivityChart(const Sensitivity& sensitivity);

// The lines of a phase that prune each layer as suggested: `prune { layer { pattern: "conv1" keep: 0.34 } ... }`.
std::string PruneLines(const Sensitivity& sensitivity, const std::vector<double>& suggested);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SENSITIVITY_REPORT_H_
