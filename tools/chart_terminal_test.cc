#include "tools/chart_terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "core/human_readable.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Chart TwoCurves() {
  Chart chart;
  chart.title = "loss";
  chart.x_label = "epoch";
  chart.series = {{"train", {{0, 2}, {1, 1}, {2, 0.5}, {4, 0.25}}}, {"validation", {{1, 1.5}, {2, 1}, {4, 1}}}};
  chart.markers = {{0, "dense"}, {2, "sparse"}};
  return chart;
}

TEST(TerminalChart, AsciiChartIsAsDrawnHere) {
  TerminalChartOptions options;
  options.width = 50;
  options.height = 9;
  EXPECT_EQ(TerminalChart(TwoCurves(), options), R"(loss
     dense          sparse
2.0 +*              :
    | **            :
1.5 +   **  oo      :
    |     **  oooo  :
1.0 +       **    ooooooooooooooooo o validation 1
    |         ****  :
0.5 +             *********
    |               :      ******** * train 0.25
0.0 +               :
    ++------+-------+------+------+
     0      1       2      3      4  epoch
)");
}

TEST(TerminalChart, BrailleLineRisesDotByDot) {
  Chart chart;
  chart.series = {{"y", {{0, 0}, {1, 1}}}};
  TerminalChartOptions options;
  options.width = 30;
  options.height = 5;
  options.utf8 = true;
  EXPECT_EQ(TerminalChart(chart, options), R"(1.0 ┤                 ⢀⣀⠤⠒ y 1
    │            ⢀⡠⠤⠒⠊⠁
0.5 ┤       ⢀⡠⠤⠒⠉⠁
    │  ⣀⡠⠔⠒⠉⠁
0.0 ┤⠒⠉
    └┬─────────┬─────────┬
    0.0       0.5       1.0
)");
}

TEST(TerminalChart, NoLineIsWiderThanAsked) {
  for (const bool utf8 : {false, true}) {
    for (int width = 12; width < 120; ++width) {
      TerminalChartOptions options;
      options.width = width;
      options.utf8 = utf8;
      std::istringstream lines(TerminalChart(TwoCurves(), options));
      for (std::string line; std::getline(lines, line);) ASSERT_LE(ColumnsOf(line), width) << line;
    }
  }
}

TEST(TerminalChart, NarrowChartNamesItsCurvesBelow) {
  TerminalChartOptions options;
  options.width = 24;
  EXPECT_THAT(TerminalChart(TwoCurves(), options), HasSubstr("\n* train 0.25\no validation 1\n"));
}

TEST(TerminalChart, ColorsOnlyWhenAsked) {
  TerminalChartOptions options;
  options.utf8 = true;
  EXPECT_THAT(TerminalChart(TwoCurves(), options), Not(HasSubstr("\x1b")));
  options.color = true;
  EXPECT_THAT(TerminalChart(TwoCurves(), options), HasSubstr("\x1b[36mtrain 0.25\x1b[0m"));
}

TEST(TerminalChart, PointsWithoutNumbersInterruptTheCurve) {
  Chart chart;
  chart.series = {{"y", {{0, 1}, {1, 1}, {2, NAN}, {3, 1}, {4, INFINITY}}}};
  TerminalChartOptions options;
  options.width = 40;
  options.height = 3;
  const std::string text = TerminalChart(chart, options);
  EXPECT_THAT(text, HasSubstr("* * y 1"));
  EXPECT_THAT(text, HasSubstr("***  "));
}

TEST(TerminalChart, DrawsOnePointAndNone) {
  Chart chart;
  chart.title = "top-1";
  chart.percent = true;
  EXPECT_EQ(TerminalChart(chart, {}), "top-1: no points to draw\n");
  chart.series = {{"a", {}}, {"b", {{3, 0.5}}}};
  EXPECT_THAT(TerminalChart(chart, {}), HasSubstr("b 50.00%"));
}

TEST(TerminalChart, LabelsOfCurvesThatEndTogetherGetTheirOwnRows) {
  Chart chart;
  chart.series = {{"a", {{0, 1}, {1, 0}}}, {"b", {{0, 1}, {1, 0}}}, {"c", {{0, 1}, {1, 0}}}};
  const std::string text = TerminalChart(chart, {});
  for (const char* label : {"* a 0\n", "o b 0\n", "+ c 0\n"}) EXPECT_THAT(text, HasSubstr(label));
}

TEST(TerminalChart, LogarithmicScaleNeedsPositiveValues) {
  Chart chart = TwoCurves();
  chart.log_y = true;
  EXPECT_THAT(TerminalChart(chart, {}), Not(HasSubstr("0.0 +")));
  chart.series[0].points[0].y = 0;
  EXPECT_THAT(TerminalChart(chart, {}), HasSubstr("0.0 +"));
}

}  // namespace
}  // namespace espalier
