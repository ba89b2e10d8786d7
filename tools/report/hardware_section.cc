#include "tools/report/hardware_section.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace espalier {
namespace {

constexpr absl::string_view kTotal = "total";
// Parts of six digits each add up to a sum of six digits but for what was rounded when all were written.
constexpr double kRounding = 2e-5;

bool IsSum(absl::string_view column, absl::string_view what) {
  return column == kTotal || column == what || absl::StartsWith(column, "total_") ||
         absl::StartsWith(column, absl::StrCat(what, "_"));
}

// Shares and rates are no parts of anything.
bool IsPart(absl::string_view column) {
  for (const absl::string_view word : {"share", "percent", "efficiency", "utilization", "_per_", "ratio"}) {
    if (absl::StrContains(column, word)) return false;
  }
  return true;
}

// "_nj" of "energy_nj"; empty without one.
absl::string_view UnitOf(absl::string_view column) {
  const size_t at = column.rfind('_');
  return at == column.npos ? absl::string_view() : column.substr(at);
}

// The total is the last row; another of that name is a layer's.
std::vector<size_t> ShownRows(const CsvTable& table) {
  std::vector<size_t> rows(table.rows.size());
  std::iota(rows.begin(), rows.end(), 0);
  if (!rows.empty() && table.rows.back()[0] == kTotal) rows.pop_back();
  return rows;
}

// Whether a column counts something: such numbers are written as they are.
bool IsCount(const CsvTable& table, size_t column) {
  return std::all_of(table.rows.begin(), table.rows.end(), [column](const std::vector<std::string>& row) {
    return std::all_of(row[column].begin(), row[column].end(), [](char c) { return absl::ascii_isdigit(c); });
  });
}

// How many of the first parts add up to the sum in every row: as many as possible, 0 if none do.
size_t PartsOfSum(const CsvTable& table, const std::vector<size_t>& rows, const std::vector<size_t>& parts,
                  size_t sum) {
  std::vector<double> sums(rows.size());
  size_t count = 0;
  bool counts = IsCount(table, sum);
  for (size_t i = 0; i < parts.size(); ++i) {
    bool equal = true;
    counts = counts && IsCount(table, parts[i]);
    const double tolerance = counts ? 0 : kRounding;
    for (size_t r = 0; r < rows.size(); ++r) {
      sums[r] += table.Number(rows[r], parts[i]).value_or(0);
      const double expected = table.Number(rows[r], sum).value_or(0);
      equal = equal && std::fabs(sums[r] - expected) <= tolerance * std::fabs(expected);
    }
    if (equal) count = i + 1;
  }
  return count;
}

std::vector<size_t> DrawnColumns(const CsvTable& table, const std::vector<size_t>& rows, const std::string& what) {
  std::vector<size_t> parts;
  std::optional<size_t> sum;
  for (size_t column = 1; column < table.header.size(); ++column) {
    const std::string& name = table.header[column];
    if (!table.IsNumeric(column) || !IsPart(name)) continue;
    if (!sum && IsSum(name, what)) {
      sum = column;
    } else {
      parts.push_back(column);
    }
  }
  if (!sum) return parts;
  if (const absl::string_view unit = UnitOf(table.header[*sum]); !unit.empty()) {
    const auto other = [&](size_t column) { return !absl::EndsWith(table.header[column], unit); };
    parts.erase(std::remove_if(parts.begin(), parts.end(), other), parts.end());
  }
  parts.resize(PartsOfSum(table, rows, parts, *sum));
  return parts.empty() ? std::vector<size_t>{*sum} : parts;
}

struct RooflineColumns {
  size_t intensity, reached, peak, bandwidth;
};

absl::StatusOr<RooflineColumns> FindRooflineColumns(const CsvTable& table) {
  RooflineColumns columns = {};
  const std::pair<absl::string_view, size_t*> wanted[] = {{"operations_per_byte", &columns.intensity},
                                                          {"operations_per_s", &columns.reached},
                                                          {"peak_operations_per_s", &columns.peak},
                                                          {"bytes_per_s", &columns.bandwidth}};
  for (const auto& [name, place] : wanted) {
    const std::optional<size_t> column = table.Column(name);
    if (!column) return absl::InvalidArgumentError(absl::StrCat("expected a column ", name, ", found none"));
    for (size_t row = 0; row < table.rows.size(); ++row) {
      if (table.Number(row, *column).value_or(0) > 0) continue;
      return absl::InvalidArgumentError(absl::StrCat("expected a positive number as ", name, " of ", table.rows[row][0],
                                                     ", found \"", table.rows[row][*column], "\""));
    }
    *place = *column;
  }
  if (table.rows.empty()) return absl::InvalidArgumentError("expected a row for each layer, found none");
  return columns;
}

// The points that a log-log line needs: both ends, a factor of two beyond the layers, and the corner.
FigureSeries Roof(double peak, double bandwidth, double least, double greatest) {
  FigureSeries roof;
  roof.name = "limit";
  const double corner = peak / bandwidth;
  for (const double x : {std::min(least, corner) / 2, corner, std::max(greatest, corner) * 2}) {
    roof.x.push_back(x);
    roof.y.push_back(std::min(peak, bandwidth * x));
  }
  return roof;
}

}  // namespace

absl::StatusOr<Figure> StackedBars(const CsvTable& table, const std::string& what) {
  const std::vector<size_t> rows = ShownRows(table);
  const std::vector<size_t> columns = DrawnColumns(table, rows, what);
  if (columns.empty() || rows.empty()) {
    return absl::InvalidArgumentError("expected rows and columns of numbers, found none");
  }
  Figure figure;
  figure.kind = Figure::Kind::kBars;
  figure.title = what;
  figure.x_label = table.header[0];
  figure.y_label = columns.size() == 1 ? table.header[columns[0]] : what;
  for (const size_t row : rows) figure.categories.push_back(table.rows[row][0]);
  for (const size_t column : columns) {
    FigureSeries series;
    series.name = absl::StrReplaceAll(table.header[column], {{"_", " "}});
    for (const size_t row : rows) series.y.push_back(table.Number(row, column).value_or(0));
    const bool any = std::any_of(series.y.begin(), series.y.end(), [](double value) { return value != 0; });
    if (any) figure.series.push_back(std::move(series));
  }
  return figure;
}

absl::StatusOr<Figure> Roofline(const CsvTable& table) {
  ASSIGN_OR_RETURN(const RooflineColumns columns, FindRooflineColumns(table));
  Figure figure;
  figure.kind = Figure::Kind::kRoofline;
  figure.title = "roofline";
  figure.x_label = "operations per byte";
  figure.y_label = "operations per second";
  figure.note = "Below the slope memory is the limit, below the level part arithmetic is.";
  figure.log_x = figure.log_y = true;
  double peak = 0, bandwidth = 0, least = HUGE_VAL, greatest = 0;
  figure.series.emplace_back();
  for (size_t row = 0; row < table.rows.size(); ++row) {
    peak = std::max(peak, *table.Number(row, columns.peak));
    bandwidth = std::max(bandwidth, *table.Number(row, columns.bandwidth));
    const double intensity = *table.Number(row, columns.intensity);
    least = std::min(least, intensity);
    greatest = std::max(greatest, intensity);
    figure.series.push_back({table.rows[row][0], {intensity}, {*table.Number(row, columns.reached)}});
  }
  figure.series[0] = Roof(peak, bandwidth, least, greatest);
  return figure;
}

ReportSection HardwareSection(FileSystem* files, const std::string& directory, const std::string& name) {
  ReportSection section;
  section.id = absl::AsciiStrToLower(name);
  section.title = name;
  section.text = absl::StrCat("The network on the emulated ", name, ", layer by layer.");
  FigureGroup& group = section.groups.emplace_back();
  std::vector<std::string> missing;
  for (const std::string what : {"cycles", "traffic", "energy", "roofline"}) {
    const std::string file = what + ".csv";
    const absl::StatusOr<CsvTable> table = ReadCsv(files, JoinPath(directory, file));
    if (absl::IsNotFound(table.status())) {
      missing.push_back(file);
      continue;
    }
    const absl::StatusOr<Figure> figure = !table.ok()          ? table.status()
                                          : what == "roofline" ? Roofline(*table)
                                                               : StackedBars(*table, what);
    if (table.ok()) section.tables.push_back({file, table->header, table->rows});
    if (figure.ok()) {
      group.figures.push_back(*figure);
    } else {
      section.remarks.push_back(absl::StrCat(what, " left out: ", figure.status().message()));
    }
  }
  if (!missing.empty()) {
    section.remarks.push_back(
        absl::StrCat("Left out, for they are not in ", directory, ": ", absl::StrJoin(missing, ", "), "."));
  }
  return section;
}

}  // namespace espalier
