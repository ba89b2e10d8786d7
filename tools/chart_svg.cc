#include "tools/chart_svg.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace espalier {
namespace {

constexpr int kWidth = 720, kHeight = 300;  // of one chart
constexpr int kLeft = 64, kRight = 24, kTop = 56, kBottom = 48;
constexpr int kPlotWidth = kWidth - kLeft - kRight, kPlotHeight = kHeight - kTop - kBottom;
constexpr int kColors = 6;
// About the width of a character of 12 units' size.
constexpr double kCharacter = 7.2;
// The same of the title's.
constexpr double kTitleCharacter = 8.4;
// Curves of few points show them.
constexpr size_t kMaximumDots = 60;

// Plain rules without variables, which many drawing programs do not know; those without media queries show the light
// one on its own ground.
constexpr char kStyle[] = R"(<style>
text { font: 12px system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #52514e }
.title { font-size: 14px; font-weight: 600; fill: #1f1e1d }
.ground { fill: #ffffff }
.grid { stroke: #e6e5e0; stroke-width: 1 }
.axis { stroke: #8a8984; stroke-width: 1 }
.marker { stroke: #8a8984; stroke-width: 1; stroke-dasharray: 3 3 }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }
.s0 { stroke: #2a6fdb } .s1 { stroke: #d9480f } .s2 { stroke: #2b8a3e }
.s3 { stroke: #862e9c } .s4 { stroke: #c2255c } .s5 { stroke: #0b7285 }
.d0 { fill: #2a6fdb } .d1 { fill: #d9480f } .d2 { fill: #2b8a3e }
.d3 { fill: #862e9c } .d4 { fill: #c2255c } .d5 { fill: #0b7285 }
@media (prefers-color-scheme: dark) {
text { fill: #b8b6ae }
.title { fill: #f1f0ea }
.ground { fill: #1b1b1a }
.grid { stroke: #353431 }
.axis, .marker { stroke: #85837c }
.s0 { stroke: #74a9ff } .s1 { stroke: #ff922b } .s2 { stroke: #69db7c }
.s3 { stroke: #da77f2 } .s4 { stroke: #ff8fb1 } .s5 { stroke: #66d9e8 }
.d0 { fill: #74a9ff } .d1 { fill: #ff922b } .d2 { fill: #69db7c }
.d3 { fill: #da77f2 } .d4 { fill: #ff8fb1 } .d5 { fill: #66d9e8 }
}
</style>
)";

// Text of an XML document: control characters cannot stand there at all.
std::string Escaped(absl::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) result += c;
    }
  }
  return result;
}

enum class Anchor { kStart, kMiddle, kEnd };

std::string Text(double x, double y, Anchor anchor, absl::string_view text, const char* style = "") {
  static constexpr const char* kAnchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\"%s%s>%s</text>\n", x, y, kAnchors[static_cast<int>(anchor)], style,
                         Escaped(text));
}

std::string Line(double x0, double y0, double x1, double y1, const char* style) {
  return absl::StrFormat("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x0, y0, x1, y1,
                         style);
}

// One chart whose upper left corner is at (0, 0).
class SvgChart {
 public:
  SvgChart(const Chart& chart, const ChartAxes& axes) : chart_(chart), axes_(axes) {}

  std::string Draw() const {
    std::string svg = Text(kLeft, 20, Anchor::kStart, chart_.title, " class=\"title\"");
    absl::StrAppend(&svg, Axes(), Markers(), Legend());
    // The first curves last, so that they lie on top.
    for (int i = static_cast<int>(chart_.series.size()) - 1; i >= 0; --i) svg += Curve(i);
    return svg;
  }

 private:
  double X(double value) const { return kLeft + kPlotWidth * axes_.x.Position(value); }
  double Y(double value) const { return kTop + kPlotHeight * (1 - axes_.y.Position(value)); }

  std::string Axes() const {
    std::string svg;
    for (const ChartTick& tick : axes_.y.ticks) {
      const double y = Y(tick.value);
      absl::StrAppend(&svg, Line(kLeft, y, kLeft + kPlotWidth, y, "grid"),
                      Text(kLeft - 8, y + 4, Anchor::kEnd, tick.label));
    }
    const int bottom = kTop + kPlotHeight;
    absl::StrAppend(&svg, Line(kLeft, bottom, kLeft + kPlotWidth, bottom, "axis"));
    for (const ChartTick& tick : axes_.x.ticks) {
      const double x = X(tick.value);
      absl::StrAppend(&svg, Line(x, bottom, x, bottom + 4, "axis"), Text(x, bottom + 18, Anchor::kMiddle, tick.label));
    }
    return svg + Text(kLeft + kPlotWidth / 2.0, bottom + 36, Anchor::kMiddle, chart_.x_label);
  }

  std::string Markers() const {
    std::string svg;
    double used = 0;
    for (const ChartMarker& marker : chart_.markers) {
      if (marker.x > axes_.x.high) continue;
      const double x = X(marker.x);
      if (marker.x > axes_.x.low) svg += Line(x, kTop - 14, x, kTop + kPlotHeight, "marker");
      const double label = marker.x > axes_.x.low ? x + 4 : x;
      if (label < used) continue;
      svg += Text(label, kTop - 6, Anchor::kStart, marker.label);
      used = label + kCharacter * (marker.label.size() + 1);
    }
    return svg;
  }

  // Names and last values, from the right end of the title's line, or of the line below it if there they would meet the
  // title and here no marker.
  std::string Legend() const {
    double width = 0;
    for (const ChartSeries& series : chart_.series) width += LegendWidth(LegendLabel(series, axes_.y));
    const bool meets = width + kTitleCharacter * chart_.title.size() > kPlotWidth;
    const int y = meets && chart_.markers.empty() ? 42 : 20;
    std::string svg;
    double x = kLeft + kPlotWidth;
    for (int i = static_cast<int>(chart_.series.size()) - 1; i >= 0; --i) {
      const std::string label = LegendLabel(chart_.series[i], axes_.y);
      if (label.empty()) continue;
      svg += Text(x, y, Anchor::kEnd, label);
      const double line = x - kCharacter * label.size();
      if (chart_.series.size() > 1) {
        svg += Line(line - 24, y - 4, line - 6, y - 4, absl::StrCat("curve s", i % kColors).c_str());
      }
      x -= LegendWidth(label);
    }
    return svg;
  }
  static double LegendWidth(const std::string& label) { return label.empty() ? 0 : kCharacter * label.size() + 40; }

  // Of the points that share a quarter of a unit, only the first, the least, the greatest and the last are drawn.
  std::vector<ChartPoint> Thinned(const std::vector<ChartPoint>& points) const {
    std::vector<ChartPoint> kept;
    for (size_t i = 0; i < points.size();) {
      if (!IsFinite(points[i])) {
        kept.push_back(points[i++]);
        continue;
      }
      const double column = std::floor(4 * X(points[i].x));
      size_t end = i;
      while (end < points.size() && IsFinite(points[end]) && std::floor(4 * X(points[end].x)) == column) ++end;
      const auto less = [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; };
      const auto [least, greatest] = std::minmax_element(points.begin() + i, points.begin() + end, less);
      size_t chosen[] = {i, static_cast<size_t>(least - points.begin()), static_cast<size_t>(greatest - points.begin()),
                         end - 1};
      std::sort(std::begin(chosen), std::end(chosen));
      for (auto index = std::begin(chosen); index != std::unique(std::begin(chosen), std::end(chosen)); ++index) {
        kept.push_back(points[*index]);
      }
      i = end;
    }
    return kept;
  }

  std::string Curve(int index) const {
    const ChartSeries& series = chart_.series[index];
    std::string path, dots;
    bool pen_down = false;
    for (const ChartPoint& point : Thinned(series.points)) {
      const bool finite = IsFinite(point);
      if (finite) absl::StrAppendFormat(&path, "%s%.1f %.1f", pen_down ? " L" : "M", X(point.x), Y(point.y));
      pen_down = finite;
      if (finite && series.points.size() <= kMaximumDots) {
        absl::StrAppendFormat(&dots, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" class=\"d%d\"/>\n", X(point.x),
                              Y(point.y), index % kColors);
      }
    }
    if (path.empty()) return "";
    return absl::StrCat("<path class=\"curve s", index % kColors, "\" d=\"", path, "\"><title>", Escaped(series.name),
                        "</title></path>\n", dots);
  }

  const Chart& chart_;
  const ChartAxes& axes_;
};

}  // namespace

std::string SvgCharts(const std::vector<Chart>& charts) {
  const int height = kHeight * std::max<int>(1, charts.size());
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n",
      kWidth, height, kWidth, height);
  absl::StrAppend(&svg, kStyle, "<rect width=\"100%\" height=\"100%\" class=\"ground\"/>\n");
  for (int i = 0; i < charts.size(); ++i) {
    absl::StrAppend(&svg, "<g transform=\"translate(0 ", i * kHeight, ")\">\n");
    const std::optional<ChartAxes> axes = FitAxes(charts[i], 10, 6);
    svg += axes ? SvgChart(charts[i], *axes).Draw()
                : Text(kLeft, 20, Anchor::kStart, charts[i].title + ": no points to draw", " class=\"title\"");
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

absl::Status WriteSvgCharts(FileSystem* files, const std::string& path, const std::vector<Chart>& charts) {
  return WriteFileAtomically(files, path, SvgCharts(charts));
}

}  // namespace espalier
