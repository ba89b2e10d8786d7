// Axes with round ticks.
#ifndef ESPALIER_TOOLS_CHART_AXIS_H_
#define ESPALIER_TOOLS_CHART_AXIS_H_

#include <string>
#include <vector>

namespace espalier {

struct ChartTick {
  double value = 0;
  std::string label;
};

struct ChartAxis {
  double low = 0, high = 1;      // low < high
  bool log = false;              // then 0 < low
  bool percent = false;          // values are fractions, labels percentages
  std::vector<ChartTick> ticks;  // ascending, within [low, high]

  // Where on the axis a value stands: 0 at `low`, 1 at `high`.
  double Position(double value) const;
  // The text of a value that is no tick: "0.4312", "84.21%".
  std::string Label(double value) const;
};

// An axis over [low, high], both finite, with up to about `ticks` ticks at multiples of 1, 2 or 5 times a power of ten.
// With `extend` it begins and ends at ticks. If low = high it reaches to both sides of it.
ChartAxis LinearAxis(double low, double high, int ticks, bool extend, bool percent = false);

// From `low` to `high` on a logarithmic scale, for 0 < low <= high, with up to about `ticks` ticks at powers of two.
ChartAxis BinaryLogAxis(double low, double high, int ticks);

// The same as LinearAxis on a logarithmic scale, for 0 < low <= high: ticks at 1, 2 and 5 times powers of ten, or,
// where these are too many, at some powers of ten. It begins and ends at ticks.
ChartAxis LogAxis(double low, double high, int ticks);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CHART_AXIS_H_
