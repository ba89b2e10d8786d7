#include "tools/sensitivity_report.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files/csv.h"
#include "core/human_readable.h"
#include "tools/table.h"

namespace espalier {
namespace {

// Of a fraction: "66%", "99.5%".
std::string Percentage(double fraction) { return absl::StrFormat("%g%%", std::round(1e5 * fraction) / 1e3); }

}  // namespace

std::string SensitivityTable(const Sensitivity& sensitivity, const std::vector<double>& suggested) {
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns = {{"layer"}, {"weights", Align::kRight}};
  for (const double sparsity : sensitivity.sparsities) columns.push_back({Percentage(sparsity), Align::kRight});
  columns.push_back({"suggested", Align::kRight});
  TextTable table(columns);
  for (size_t i = 0; i < sensitivity.layers.size(); ++i) {
    const LayerSensitivity& layer = sensitivity.layers[i];
    std::vector<std::string> row = {layer.layer, FormatCount(layer.weights)};
    for (const Accuracy& accuracy : layer.pruned) row.push_back(absl::StrFormat("%.2f", 100 * accuracy.top1));
    row.push_back(Percentage(suggested[i]));
    table.AddRow(std::move(row));
  }
  return table.ToString();
}

std::string SensitivityCsv(const Sensitivity& sensitivity) {
  std::string csv = "layer,sparsity,top1,loss\n";
  for (const LayerSensitivity& layer : sensitivity.layers) {
    for (size_t i = 0; i < layer.pruned.size(); ++i) {
      absl::StrAppendFormat(&csv, "%s,%g,%.6g,%.6g\n", CsvCell(layer.layer), sensitivity.sparsities[i],
                            layer.pruned[i].top1, layer.pruned[i].loss);
    }
  }
  return csv;
}

Chart SensitivityChart(const Sensitivity& sensitivity) {
  Chart chart;
  chart.title = "top-1 with one layer pruned";
  chart.x_label = "pruned, %";
  chart.percent = true;
  for (const LayerSensitivity& layer : sensitivity.layers) {
    ChartSeries& series = chart.series.emplace_back();
    series.name = layer.layer;
    for (size_t i = 0; i < layer.pruned.size(); ++i) {
      series.points.push_back({100 * sensitivity.sparsities[i], layer.pruned[i].top1});
    }
  }
  return chart;
}

std::string PruneLines(const Sensitivity& sensitivity, const std::vector<double>& suggested) {
  std::string lines = "prune {\n";
  for (size_t i = 0; i < sensitivity.layers.size(); ++i) {
    absl::StrAppendFormat(&lines, "  layer { pattern: \"%s\" keep: %g }\n", sensitivity.layers[i].layer,
                          std::round(1e6 * (1 - suggested[i])) / 1e6);
  }
  return lines + "}\n";
}

}  // namespace espalier
