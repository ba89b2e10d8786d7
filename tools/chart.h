// Curves, as data: drawn in a terminal (chart_terminal.h) or as SVG (chart_svg.h).
#ifndef ESPALIER_TOOLS_CHART_H_
#define ESPALIER_TOOLS_CHART_H_

#include <optional>
#include <string>
#include <vector>

#include "tools/chart_axis.h"

namespace espalier {

struct ChartPoint {
  double x = 0;
  double y = 0;
};

// Whether both coordinates are numbers.
bool IsFinite(const ChartPoint& point);

struct ChartSeries {
  std::string name;
  std::vector<ChartPoint> points;  // ascending x; a point that is not finite interrupts the curve
};

// Something that begins at x, such as a phase.
struct ChartMarker {
  double x = 0;
  std::string label;
};

struct Chart {
  std::string title;
  std::string x_label;
  std::vector<ChartSeries> series;
  std::vector<ChartMarker> markers;  // ascending, finite x; those after all points are not drawn
  bool percent = false;              // y is a fraction, shown as a percentage
  bool log_x = false;                // ignored unless every x is positive
  bool log_y = false;                // ignored unless every y is positive
};

struct ChartAxes {
  ChartAxis x, y;
};

// The axes that show all finite points and the first marker; nothing if there are none.
std::optional<ChartAxes> FitAxes(const Chart& chart, int x_ticks, int y_ticks);

// The last finite point of a series, or nullptr.
const ChartPoint* LastPoint(const ChartSeries& series);

// The series' name and last value, "train 0.4312"; empty if it has no points.
std::string LegendLabel(const ChartSeries& series, const ChartAxis& y);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CHART_H_
