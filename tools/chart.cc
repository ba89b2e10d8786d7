#include "tools/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace espalier {

bool IsFinite(const ChartPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

std::optional<ChartAxes> FitAxes(const Chart& chart, int x_ticks, int y_ticks) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ChartPoint low = {kInfinity, kInfinity}, high = {-kInfinity, -kInfinity};
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      if (!IsFinite(point)) continue;
      low = {std::min(low.x, point.x), std::min(low.y, point.y)};
      high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
  }
  if (low.x > high.x) return std::nullopt;
  if (!chart.markers.empty()) low.x = std::min(low.x, chart.markers.front().x);
  ChartAxes axes;
  axes.x = chart.log_x && low.x > 0 ? BinaryLogAxis(low.x, high.x, x_ticks)
                                    : LinearAxis(low.x, high.x, x_ticks, /*extend=*/false);
  axes.y = chart.log_y && low.y > 0 ? LogAxis(low.y, high.y, y_ticks)
                                    : LinearAxis(low.y, high.y, y_ticks, /*extend=*/true, chart.percent);
  return axes;
}

const ChartPoint* LastPoint(const ChartSeries& series) {
  const auto last = std::find_if(series.points.rbegin(), series.points.rend(), IsFinite);
  return last == series.points.rend() ? nullptr : &*last;
}

std::string LegendLabel(const ChartSeries& series, const ChartAxis& y) {
  const ChartPoint* const last = LastPoint(series);
  if (last == nullptr) return "";
  return (series.name.empty() ? "" : series.name + " ") + y.Label(last->y);
}

}  // namespace espalier
