// Charts as text: braille dots (eight to a character) where the locale is UTF-8, ASCII marks elsewhere.
#ifndef ESPALIER_TOOLS_CHART_TERMINAL_H_
#define ESPALIER_TOOLS_CHART_TERMINAL_H_

#include <string>

#include "tools/chart.h"

namespace espalier {

struct TerminalChartOptions {
  int width = 80;   // columns of the whole chart; no line is longer
  int height = 12;  // rows of the plot itself, or nearly: ticks are evenly spaced
  bool utf8 = false;
  bool color = false;
};

// The chart in lines that each end with a newline; each curve's name and last value stand at its right end.
std::string TerminalChart(const Chart& chart, const TerminalChartOptions& options);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CHART_TERMINAL_H_
