#include "tools/chart_verb.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "tools/chart_svg.h"
#include "tools/chart_terminal.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumBytes = 64 << 20;
constexpr absl::string_view kHeader = "series,x,y";

// A line `name,x,y`; the name may stand in double quotes, and hold commas then.
bool ParseLine(absl::string_view line, std::string* name, ChartPoint* point) {
  const size_t y = line.rfind(',');
  if (y == line.npos || y == 0) return false;
  const size_t x = line.rfind(',', y - 1);
  if (x == line.npos) return false;
  absl::string_view text = line.substr(0, x);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  } else if (text.find(',') != text.npos) {
    return false;
  }
  *name = std::string(text);
  return absl::SimpleAtod(line.substr(x + 1, y - x - 1), &point->x) && absl::SimpleAtod(line.substr(y + 1), &point->y);
}

// Series in the order of their first points; each must come with ascending x.
absl::StatusOr<std::vector<ChartSeries>> ParseSeries(absl::string_view csv, const std::string& path) {
  std::vector<ChartSeries> all;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(csv, '\n')) {
    ++number;
    line = absl::StripTrailingAsciiWhitespace(line);
    if (number == 1 && line != kHeader) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":1: expected the header ", kHeader, ", found \"", line, "\""));
    }
    if (number == 1 || line.empty()) continue;
    std::string name;
    ChartPoint point;
    const bool read = ParseLine(line, &name, &point);
    auto series = std::find_if(all.begin(), all.end(), [&](const ChartSeries& known) { return known.name == name; });
    if (series == all.end()) series = all.insert(all.end(), {name, {}});
    if (!read || (!series->points.empty() && !(point.x >= series->points.back().x))) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ":", number, ": expected a name, x (ascending in its series) and y, found \"", line, "\""));
    }
    series->points.push_back(point);
  }
  return all;
}

absl::Status DrawChart(const Arguments& arguments, std::ostream& out) {
  const std::string& path = arguments.positional()[0];
  ASSIGN_OR_RETURN(const std::string csv, ReadFile(FileSystem::Posix(), path, kMaximumBytes));
  Chart chart;
  ASSIGN_OR_RETURN(chart.series, ParseSeries(csv, path));
  chart.title = arguments.Get("title");
  chart.x_label = arguments.Get("x_label");
  chart.percent = arguments.Has("percent");
  chart.log_x = arguments.Has("log_x");
  chart.log_y = arguments.Has("log_y");
  if (arguments.Has("svg")) return WriteSvgCharts(FileSystem::Posix(), arguments.Get("svg"), {chart});
  TerminalChartOptions options;
  ASSIGN_OR_RETURN(const int64_t width, arguments.GetInteger("width", options.width, 20, 1000));
  options.width = static_cast<int>(width);
  out << TerminalChart(chart, options);
  return absl::OkStatus();
}

}  // namespace

Verb ChartVerb() {
  Verb verb;
  verb.name = "chart";
  verb.arguments = "FILE";
  verb.summary = "Draws the curves of a CSV file, in the terminal or as SVG.";
  verb.details =
      "FILE has the header series,x,y and a line for each point; names with commas stand in double quotes. The x of a\n"
      "series ascend.";
  verb.flags = {{"svg", "FILE", "writes the drawing there instead of text"},
                {"title", "TEXT", "above the chart"},
                {"x_label", "TEXT", "below the axis"},
                {"percent", "", "y are fractions, shown as percentages"},
                {"log_x", "", "a logarithmic scale of powers of two"},
                {"log_y", "", "a logarithmic scale"},
                {"width", "N", "columns of the text; 80 by default"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = DrawChart;
  return verb;
}

}  // namespace espalier
