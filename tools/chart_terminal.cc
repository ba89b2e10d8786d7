#include "tools/chart_terminal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/human_readable.h"

namespace espalier {
namespace {

constexpr int kMinimumPlotColumns = 16;
constexpr std::array<const char*, 6> kColors = {"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[34m", "\x1b[31m"};
constexpr char kDim[] = "\x1b[2m", kReset[] = "\x1b[0m";
constexpr absl::string_view kMarks = "*o+x#%";

std::string Pad(int columns) { return std::string(std::max(0, columns), ' '); }

// A grid of characters, each of 2 x 4 braille dots or one ASCII mark.
class Canvas {
 public:
  Canvas(int columns, int rows, const TerminalChartOptions& options)
      : columns_(columns), rows_(rows), options_(options), cells_(columns * rows) {}

  // Where a position on an axis, 0 to 1, has its dot; rows are counted from the top. Positions at multiples of
  // 1 / (rows - 1) get the same dot of their character.
  int DotColumn(double position) const {
    return static_cast<int>(std::lround(position * ((options_.utf8 ? 2 * columns_ : columns_) - 1)));
  }
  int DotRow(double position) const {
    const double rows = (1 - position) * (rows_ - 1);
    return static_cast<int>(options_.utf8 ? std::lround(4 * rows) + 1 : std::lround(rows));
  }
  int RowOf(double position) const { return options_.utf8 ? DotRow(position) / 4 : DotRow(position); }

  void Dot(int x, int y, int series) {
    // The bit of each dot, by column and row (Unicode 15.0, section 21.1).
    static constexpr uint8_t kBits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
    Cell& cell = options_.utf8 ? cells_.at(y / 4 * columns_ + x / 2) : cells_.at(y * columns_ + x);
    cell.series = series;
    cell.dots |= options_.utf8 ? kBits[x % 2][y % 4] : 1;
  }

  // Bresenham's algorithm.
  void Line(int x0, int y0, int x1, int y1, int series) {
    const int dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0);
    const int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
    for (int error = dx + dy;;) {
      Dot(x0, y0, series);
      if (x0 == x1 && y0 == y1) return;
      const int twice = 2 * error;
      if (twice >= dy) {
        error += dy;
        x0 += step_x;
      }
      if (twice <= dx) {
        error += dx;
        y0 += step_y;
      }
    }
  }

  // A line from top to bottom behind the curves.
  void MarkColumn(int column) {
    for (int row = 0; row < rows_; ++row) cells_[row * columns_ + column].marked = true;
  }

  std::string Row(int row) const {
    std::string text;
    for (int column = 0; column < columns_; ++column) text += Text(cells_[row * columns_ + column]);
    return text;
  }

 private:
  struct Cell {
    uint8_t dots = 0;
    bool marked = false;
    int series = 0;
  };

  std::string Text(const Cell& cell) const {
    const char* const color = cell.dots != 0 ? kColors[cell.series % kColors.size()] : kDim;
    if (cell.dots == 0 && !cell.marked) return " ";
    std::string text;
    if (cell.dots == 0) {
      text = options_.utf8 ? "┊" : ":";
    } else if (options_.utf8) {
      // U+2800 and the dots' bits.
      text = {'\xE2', static_cast<char>(0xA0 | cell.dots >> 6), static_cast<char>(0x80 | (cell.dots & 0x3F))};
    } else {
      text = kMarks[cell.series % kMarks.size()];
    }
    return options_.color ? absl::StrCat(color, text, kReset) : text;
  }

  int columns_, rows_;
  const TerminalChartOptions& options_;
  std::vector<Cell> cells_;
};

// Everything about one chart that its lines need.
class Plot {
 public:
  Plot(const Chart& chart, const ChartAxes& axes, const TerminalChartOptions& options)
      : chart_(chart), axes_(axes), options_(options) {
    for (const ChartTick& tick : axes.y.ticks) tick_columns_ = std::max(tick_columns_, ColumnsOf(tick.label));
    for (int i = 0; i < chart.series.size(); ++i) label_columns_ = std::max(label_columns_, ColumnsOf(EndLabel(i)));
    columns_ = options.width - tick_columns_ - 2 - label_columns_ - 1;
    if (columns_ < kMinimumPlotColumns) {
      columns_ = std::max(1, columns_ + label_columns_ + 1);
      label_columns_ = 0;
    }
    // As many rows as put every tick of a linear axis into the same place of its row.
    const int intervals = std::max<int>(1, axes.y.ticks.size() - 1);
    const int rows_per_tick = axes.y.log ? 0 : std::max<int>(1, std::lround((options.height - 1.0) / intervals));
    rows_ = axes.y.log ? options.height : rows_per_tick * intervals + 1;
  }

  std::string Draw() const {
    Canvas canvas(columns_, rows_, options_);
    for (const ChartMarker& marker : chart_.markers) {
      const int column = ColumnOf(marker.x);
      if (column > 0 && column < columns_) canvas.MarkColumn(column);
    }
    // The first curves last, so that they lie on top.
    for (int i = static_cast<int>(chart_.series.size()) - 1; i >= 0; --i) DrawSeries(i, canvas);
    std::string text;
    if (!chart_.title.empty()) {
      absl::StrAppend(&text, std::string(TrimToColumns(chart_.title, options_.width)), "\n");
    }
    text += MarkerLine();
    const std::vector<std::string> ticks = TickLabels(canvas), ends = EndLabels(canvas);
    for (int row = 0; row < rows_; ++row) {
      const bool tick = !ticks[row].empty();
      std::string line = Pad(tick_columns_ - ColumnsOf(ticks[row])) + ticks[row];
      line += options_.utf8 ? (tick ? " ┤" : " │") : (tick ? " +" : " |");
      absl::StrAppend(&line, canvas.Row(row), ends[row].empty() ? "" : " ", ends[row]);
      line.erase(line.find_last_not_of(' ') + 1);
      absl::StrAppend(&text, line, "\n");
    }
    text += XAxis();
    for (int i = 0; label_columns_ == 0 && i < chart_.series.size(); ++i) {
      absl::StrAppend(&text, std::string(TrimToColumns(EndLabel(i), options_.width)), "\n");
    }
    return text;
  }

 private:
  int ColumnOf(double x) const { return static_cast<int>(std::floor(axes_.x.Position(x) * (columns_ - 1) + 0.5)); }

  std::string EndLabel(int series) const {
    const std::string label = LegendLabel(chart_.series[series], axes_.y);
    if (options_.utf8 || label.empty()) return label;
    return std::string{kMarks[series % kMarks.size()], ' '} + label;
  }

  // Draws the mean of the points that share a column of dots.
  void DrawSeries(int series, Canvas& canvas) const {
    int x_before = -1, y_before = 0;
    const std::vector<ChartPoint>& points = chart_.series[series].points;
    for (size_t i = 0; i < points.size();) {
      if (!IsFinite(points[i])) {
        x_before = -1;
        ++i;
        continue;
      }
      const int x = canvas.DotColumn(axes_.x.Position(points[i].x));
      double sum = 0;
      int count = 0;
      for (; i < points.size() && IsFinite(points[i]) && canvas.DotColumn(axes_.x.Position(points[i].x)) == x;
           ++i, ++count) {
        sum += axes_.y.Position(points[i].y);
      }
      const int y = canvas.DotRow(sum / count);
      const bool begins = x_before < 0;
      canvas.Line(begins ? x : x_before, begins ? y : y_before, x, y, series);
      x_before = x;
      y_before = y;
    }
  }

  std::vector<std::string> TickLabels(const Canvas& canvas) const {
    std::vector<std::string> labels(rows_);
    for (const ChartTick& tick : axes_.y.ticks) {
      labels[canvas.RowOf(axes_.y.Position(tick.value))] = tick.label;
    }
    return labels;
  }

  // Each curve's label in the row where the curve ends, or in the nearest free one.
  std::vector<std::string> EndLabels(const Canvas& canvas) const {
    std::vector<std::string> labels(rows_);
    if (label_columns_ == 0) return labels;
    for (int i = 0; i < chart_.series.size(); ++i) {
      const ChartPoint* const last = LastPoint(chart_.series[i]);
      if (last == nullptr) continue;
      const int wanted = canvas.RowOf(axes_.y.Position(last->y));
      int best = -1;
      for (int row = 0; row < rows_; ++row) {
        if (labels[row].empty() && (best < 0 || std::abs(row - wanted) < std::abs(best - wanted))) best = row;
      }
      if (best < 0) continue;
      labels[best] = EndLabel(i);
      if (options_.color) labels[best] = absl::StrCat(kColors[i % kColors.size()], labels[best], kReset);
    }
    return labels;
  }

  // The markers' labels above the places where they begin.
  std::string MarkerLine() const {
    std::string line = Pad(tick_columns_ + 2);
    int used = 0;
    for (const ChartMarker& marker : chart_.markers) {
      const int column = ColumnOf(marker.x);
      if (column < used || column >= columns_ || ColumnsOf(marker.label) > columns_ - column) continue;
      absl::StrAppend(&line, Pad(column - used), marker.label, " ");
      used = column + ColumnsOf(marker.label) + 1;
    }
    if (used == 0) return "";
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  }

  std::string XAxis() const {
    std::vector<bool> is_tick(columns_);
    std::string labels;
    const int indent = tick_columns_ + 2;
    for (const ChartTick& tick : axes_.x.ticks) {
      const int column = std::clamp(ColumnOf(tick.value), 0, columns_ - 1);
      const int size = ColumnsOf(tick.label);
      const int start = std::min(indent + column - (size - 1) / 2, options_.width - size);
      const int used = ColumnsOf(labels);
      if (start < used + (used > 0)) continue;
      is_tick[column] = true;
      absl::StrAppend(&labels, Pad(start - used), tick.label);
    }
    const int room = options_.width - ColumnsOf(labels) - 2;
    if (!chart_.x_label.empty() && ColumnsOf(chart_.x_label) <= room) absl::StrAppend(&labels, "  ", chart_.x_label);
    std::string line = Pad(tick_columns_) + (options_.utf8 ? " └" : " +");
    for (const bool tick : is_tick) line += options_.utf8 ? (tick ? "┬" : "─") : (tick ? "+" : "-");
    return absl::StrCat(line, "\n", labels, "\n");
  }

  const Chart& chart_;
  const ChartAxes& axes_;
  const TerminalChartOptions& options_;
  int tick_columns_ = 0;
  int label_columns_ = 0;       // at the right of the plot; 0 if there is no room
  int columns_ = 0, rows_ = 0;  // of the plot
};

}  // namespace

std::string TerminalChart(const Chart& chart, const TerminalChartOptions& options) {
  const std::optional<ChartAxes> axes =
      FitAxes(chart, std::max(2, options.width / 10), std::max(2, options.height / 2 + 1));
  if (!axes) return absl::StrCat(chart.title, chart.title.empty() ? "" : ": ", "no points to draw\n");
  return Plot(chart, *axes, options).Draw();
}

}  // namespace espalier
