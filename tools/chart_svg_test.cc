#include "tools/chart_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// That every element is closed in its place, and no character that XML forbids is there.
void ExpectWellFormed(const std::string& svg) {
  std::vector<std::string> open;
  for (size_t at = svg.find('<'); at != svg.npos; at = svg.find('<', at + 1)) {
    const size_t end = svg.find('>', at);
    ASSERT_NE(end, svg.npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find(' '));
    if (name[0] == '/') {
      ASSERT_FALSE(open.empty()) << tag;
      EXPECT_EQ("/" + open.back(), name);
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    EXPECT_EQ(Count(tag, "\"") % 2, 0) << tag;
  }
  EXPECT_TRUE(open.empty());
  for (const char c : svg) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
}

Chart Loss() {
  Chart chart;
  chart.title = "loss";
  chart.x_label = "epoch";
  chart.series = {{"train", {{0, 2}, {1, 1}, {2, 0.5}}}, {"validation", {{1, 1.5}, {2, 1}}}};
  chart.markers = {{0, "dense"}, {1, "sparse"}};
  return chart;
}

TEST(SvgCharts, CurveStandsWhereItsAxesSay) {
  const std::string svg = SvgCharts({Loss()});
  ExpectWellFormed(svg);
  // The plot spans x 64 to 696 and y 56 to 252; the axes 0 to 2 and 0.5 to 2.
  EXPECT_THAT(svg, HasSubstr("class=\"curve s0\" d=\"M64.0 56.0 L380.0 186.7 L696.0 252.0\""));
  EXPECT_THAT(svg, HasSubstr("<title>validation</title>"));
  EXPECT_THAT(svg, HasSubstr(">validation 1</text>"));
  EXPECT_THAT(svg, HasSubstr(">sparse</text>"));
  EXPECT_EQ(Count(svg, "class=\"marker\""), 1);  // the first phase begins at the axis
  EXPECT_EQ(Count(svg, "<circle"), 5);
}

TEST(SvgCharts, ALegendThatWouldMeetTheTitleStandsBelowIt) {
  Chart chart = Loss();
  chart.title = "images a second of ResNet-18 on three networks, predicted";
  EXPECT_THAT(SvgCharts({chart}), HasSubstr("y=\"20.0\" text-anchor=\"end\">validation 1</text>"));
  chart.markers.clear();
  EXPECT_THAT(SvgCharts({chart}), HasSubstr("y=\"42.0\" text-anchor=\"end\">validation 1</text>"));
}

TEST(SvgCharts, ALogarithmicAxisOfRanks) {
  Chart chart;
  chart.log_x = true;
  chart.series = {{"hdr", {{16, 1}, {256, 0}, {4096, 1}}}};
  const std::string svg = SvgCharts({chart});
  EXPECT_THAT(svg, HasSubstr("d=\"M64.0 56.0 L380.0 252.0 L696.0 56.0\""));
  EXPECT_THAT(svg, HasSubstr(">1024</text>"));
}

TEST(SvgCharts, HasColorsForLightAndDarkPages) {
  EXPECT_THAT(SvgCharts({Loss()}), HasSubstr("@media (prefers-color-scheme: dark)"));
}

TEST(SvgCharts, NamesAreEscaped) {
  Chart chart = Loss();
  chart.series[0].name = chart.markers[1].label = chart.title = "<a & \"b\">\x01\n";
  const std::string svg = SvgCharts({chart});
  ExpectWellFormed(svg);
  EXPECT_THAT(svg, HasSubstr("&lt;a &amp; &quot;b&quot;&gt;<"));
}

TEST(SvgCharts, PointsWithoutNumbersInterruptTheCurve) {
  Chart chart = Loss();
  chart.series = {{"train", {{0, 2}, {1, NAN}, {2, 1}, {3, 1}}}};
  const std::string svg = SvgCharts({chart});
  EXPECT_THAT(svg, HasSubstr("d=\"M64.0 56.0M485.3"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(SvgCharts, LongRunsMakeSmallFilesThatKeepTheExtremes) {
  Chart chart;
  chart.series = {{"train", {}}};
  for (int i = 0; i < 1000000; ++i) chart.series[0].points.push_back({i * 1e-3, 1 + 0.5 * std::sin(i)});
  chart.series[0].points[123456].y = 9;
  chart.series[0].points[654321].y = -9;
  const std::string svg = SvgCharts({chart});
  EXPECT_LT(svg.size(), 300000u);
  EXPECT_THAT(svg, HasSubstr("M64.0 "));
  EXPECT_THAT(svg, HasSubstr(" 65.8 "));   // 9 on the axis from -10 to 10
  EXPECT_THAT(svg, HasSubstr(" 242.2 "));  // -9
  EXPECT_EQ(Count(svg, "<circle"), 0);
}

TEST(SvgCharts, EmptyChartsAreStillDocuments) {
  ExpectWellFormed(SvgCharts({}));
  ExpectWellFormed(SvgCharts({Chart{}, Loss()}));
}

TEST(WriteSvgCharts, WritesTheFile) {
  const std::string path = JoinPath(::testing::TempDir(), "curves.svg");
  ASSERT_TRUE(WriteSvgCharts(FileSystem::Posix(), path, {Loss()}).ok());
  EXPECT_EQ(ReadFile(FileSystem::Posix(), path, 1 << 20).value(), SvgCharts({Loss()}));
}

}  // namespace
}  // namespace espalier
