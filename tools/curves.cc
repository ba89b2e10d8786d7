#include "tools/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace espalier {
namespace {

using Split = MetricsRecord::Split;
using Figure = std::optional<float> (*)(const MetricsRecord&);

// From this ratio of the greatest to the least loss on, a linear scale would show the second half of a run as a line
// on the axis.
constexpr double kLogarithmicRatio = 30;

double PlaceOf(const MetricsRecord& record, CurveAxis axis) {
  return axis == CurveAxis::kEpochs ? record.epoch : static_cast<double>(record.step);
}

ChartSeries SeriesOf(absl::Span<const MetricsRecord> records, CurveAxis axis, Split split, Figure figure) {
  ChartSeries series;
  series.name = std::string(Name(split));
  for (const MetricsRecord& record : records) {
    if (record.split != split) continue;
    if (const std::optional<float> value = figure(record)) series.points.push_back({PlaceOf(record, axis), *value});
  }
  return series;
}

bool FallsFar(const Chart& chart) {
  double least = std::numeric_limits<double>::infinity(), greatest = 0;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      if (!std::isfinite(point.y)) continue;
      least = std::min(least, point.y);
      greatest = std::max(greatest, point.y);
    }
  }
  return least > 0 && greatest > kLogarithmicRatio * least;
}

}  // namespace

std::vector<ChartMarker> PhaseMarkers(absl::Span<const MetricsRecord> records, CurveAxis axis) {
  std::vector<ChartMarker> markers;
  double place = 0;
  for (const MetricsRecord& record : records) {
    if (markers.empty() || markers.back().label != record.phase) markers.push_back({place, record.phase});
    place = PlaceOf(record, axis);
  }
  return markers;
}

std::vector<Chart> CurvesOf(absl::Span<const MetricsRecord> records, CurveAxis axis) {
  struct Kind {
    const char* title;
    bool percent;
    bool both_splits;  // else it is no figure of a split
    Figure figure;
  };
  static constexpr Kind kKinds[] = {
      {"loss", false, true, [](const MetricsRecord& record) { return std::optional<float>(record.loss); }},
      {"top-1", true, true, [](const MetricsRecord& record) { return record.top1; }},
      {"top-5", true, true, [](const MetricsRecord& record) { return record.top5; }},
      {"learning rate", false, false, [](const MetricsRecord& record) { return record.learning_rate; }},
      {"sparsity", true, false, [](const MetricsRecord& record) { return record.sparsity; }},
  };
  std::vector<ChartMarker> phases = PhaseMarkers(records, axis);
  if (phases.size() == 1) phases[0].label.clear();
  std::vector<Chart> charts;
  for (const Kind& kind : kKinds) {
    Chart chart;
    chart.title = kind.title;
    chart.x_label = axis == CurveAxis::kEpochs ? "epoch" : "step";
    chart.percent = kind.percent;
    chart.markers = phases;
    for (const Split split : {Split::kTrain, Split::kValidation}) {
      if (split == Split::kValidation && !kind.both_splits) continue;
      ChartSeries series = SeriesOf(records, axis, split, kind.figure);
      if (!series.points.empty()) chart.series.push_back(std::move(series));
    }
    if (chart.series.empty()) continue;
    if (!kind.both_splits) chart.series[0].name.clear();
    chart.log_y = !kind.percent && kind.both_splits && FallsFar(chart);
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace espalier
