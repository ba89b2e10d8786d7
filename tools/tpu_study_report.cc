#include "tools/tpu_study_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/tpu/energy.h"
#include "tools/table.h"

namespace espalier {
namespace {

constexpr auto kRight = TextTable::Align::kRight;
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

struct CounterRow {
  const char* name;
  double tpu::PublishedCounters::*value;
};
constexpr CounterRow kRows[] = {
    {"array_active", &tpu::PublishedCounters::array_active},
    {"useful_macs", &tpu::PublishedCounters::useful_macs},
    {"unused_macs", &tpu::PublishedCounters::unused_macs},
    {"weight_stall", &tpu::PublishedCounters::weight_stall},
    {"weight_shift", &tpu::PublishedCounters::weight_shift},
    {"non_matrix", &tpu::PublishedCounters::non_matrix},
    {"raw_stall", &tpu::PublishedCounters::raw_stall},
    {"input_stall", &tpu::PublishedCounters::input_stall},
    {"tera_operations_per_s", &tpu::PublishedCounters::tera_operations_per_s},
};

// Table 2 of Jouppi et al.: floating point operations per second, and bytes per second of memory.
struct Processor {
  const char* name;
  double operations_per_s, bytes_per_s;
};
constexpr Processor kProcessors[] = {{"Haswell", 1.3e12, 51e9}, {"K80", 2.8e12, 160e9}};

double Bound(const Processor& processor, double intensity) {
  return std::min(processor.operations_per_s, 2 * processor.bytes_per_s * intensity) / 1e12;
}

// Powers of two around all applications.
std::vector<double> Intensities() {
  std::vector<double> all;
  for (double intensity = 4; intensity <= 8192; intensity *= 2) all.push_back(intensity);
  return all;
}

// With so many digits behind the point; what is not a number is `otherwise`.
std::string Speedup(double value, int digits, const char* otherwise) {
  return std::isnan(value) ? otherwise : absl::StrFormat("%.*f", digits, value);
}

}  // namespace

std::string TpuSpeedTable(const std::vector<TpuRun>& runs) {
  TextTable table({{"application", TextTable::Align::kLeft},
                   {"weights", kRight},
                   {"batch", kRight},
                   {"ops/weight byte", kRight},
                   {"TOPS", kRight},
                   {"published", kRight},
                   {"difference", kRight},
                   {"roofline", kRight},
                   {"batch us", kRight}});
  for (const TpuRun& run : runs) {
    const double published = run.application.published.tera_operations_per_s;
    table.AddRow({run.application.name, absl::StrFormat("%.1fM", static_cast<double>(run.result.weights) / 1e6),
                  absl::StrCat(run.application.network.batch), absl::StrFormat("%.0f", run.result.intensity),
                  absl::StrFormat("%.1f", run.result.tera_operations_per_s), absl::StrFormat("%.1f", published),
                  absl::StrFormat("%+.0f%%", 100 * (run.result.tera_operations_per_s / published - 1)),
                  absl::StrFormat("%.1f", run.result.bound), absl::StrFormat("%.0f", 1e6 / run.result.batches_per_s)});
  }
  return table.ToString();
}

std::string TpuCounterTable(const std::vector<TpuRun>& runs) {
  std::vector<TextTable::Column> columns = {{"% of cycles, emulated | published", TextTable::Align::kLeft}};
  for (const TpuRun& run : runs) columns.push_back({run.application.name, kRight});
  TextTable table(columns);
  for (const CounterRow& row : kRows) {
    std::vector<std::string> cells = {row.name};
    for (const TpuRun& run : runs) {
      cells.push_back(absl::StrFormat("%.1f | %4.1f", run.percent.*row.value, run.application.published.*row.value));
    }
    table.AddRow(cells);
  }
  return table.ToString();
}

std::string TpuCounterCsv(const std::vector<TpuRun>& runs) {
  std::string csv = "application,counter,emulated,published\n";
  for (const TpuRun& run : runs) {
    for (const CounterRow& row : kRows) {
      absl::StrAppendFormat(&csv, "%s,%s,%.2f,%.1f\n", run.application.name, row.name, run.percent.*row.value,
                            run.application.published.*row.value);
    }
  }
  return csv;
}

std::string TpuRooflineCsv(const tpu::Config& config, const std::vector<TpuRun>& runs) {
  std::string csv = "series,operations_per_weight_byte,tera_operations_per_s\n";
  for (const double intensity : Intensities()) {
    absl::StrAppendFormat(&csv, "TPU,%g,%.4g\n", intensity, tpu::RooflineBound(config, intensity));
  }
  for (const Processor& processor : kProcessors) {
    for (const double intensity : Intensities()) {
      absl::StrAppendFormat(&csv, "%s,%g,%.4g\n", processor.name, intensity, Bound(processor, intensity));
    }
  }
  for (const TpuRun& run : runs) {
    absl::StrAppendFormat(&csv, "%s emulated,%.4g,%.4g\n%s published,%g,%g\n", run.application.name,
                          run.result.intensity, run.result.tera_operations_per_s, run.application.name,
                          run.application.intensity, run.application.published.tera_operations_per_s);
  }
  return csv;
}

std::vector<Chart> TpuRooflineCharts(const tpu::Config& config, const std::vector<TpuRun>& runs) {
  Chart chart;
  chart.title = "TOPS";
  chart.x_label = "multiply-accumulates per weight byte";
  chart.log_x = chart.log_y = true;
  ChartSeries roof{"TPU", {}};
  for (const double intensity : Intensities()) {
    roof.points.push_back({intensity, tpu::RooflineBound(config, intensity)});
  }
  chart.series.push_back(roof);
  for (const Processor& processor : kProcessors) {
    ChartSeries series{processor.name, {}};
    for (const double intensity : Intensities()) series.points.push_back({intensity, Bound(processor, intensity)});
    chart.series.push_back(series);
  }
  std::vector<const TpuRun*> ascending;
  for (const TpuRun& run : runs) ascending.push_back(&run);
  std::sort(ascending.begin(), ascending.end(),
            [](const TpuRun* a, const TpuRun* b) { return a->result.intensity < b->result.intensity; });
  // Points alone: what is no number between them interrupts the curve.
  ChartSeries emulated{"emulated", {}}, published{"published", {}};
  for (const TpuRun* run : ascending) {
    const double x = run->result.intensity;
    for (ChartSeries* series : {&emulated, &published}) {
      if (!series->points.empty()) series->points.push_back({x, kNotANumber});
    }
    emulated.points.push_back({x, run->result.tera_operations_per_s});
    published.points.push_back({x, run->application.published.tera_operations_per_s});
    chart.markers.push_back({x, run->application.name});
  }
  chart.series.push_back(emulated);
  chart.series.push_back(published);
  return {chart};
}

std::string TpuSensitivityTable(const std::vector<TpuRun>& runs, const std::vector<tpu::SensitivityPoint>& points) {
  std::vector<TextTable::Column> columns = {{"scaled", TextTable::Align::kLeft}, {"by", kRight}};
  for (const TpuRun& run : runs) columns.push_back({run.application.name, kRight});
  columns.push_back({"weighted mean", kRight});
  TextTable table(columns);
  for (const tpu::SensitivityPoint& point : points) {
    std::vector<std::string> cells = {point.scaling, absl::StrCat(point.factor)};
    for (const double speedup : point.speedups) cells.push_back(Speedup(speedup, 2, "-"));
    cells.push_back(Speedup(point.weighted_mean, 2, "-"));
    table.AddRow(cells);
  }
  return table.ToString();
}

std::string TpuSensitivityCsv(const std::vector<TpuRun>& runs, const std::vector<tpu::SensitivityPoint>& points) {
  std::string csv = "scaled,by";
  for (const TpuRun& run : runs) absl::StrAppend(&csv, ",", run.application.name);
  absl::StrAppend(&csv, ",weighted_mean\n");
  for (const tpu::SensitivityPoint& point : points) {
    absl::StrAppend(&csv, point.scaling, ",", point.factor);
    for (const double speedup : point.speedups) absl::StrAppend(&csv, ",", Speedup(speedup, 4, ""));
    absl::StrAppend(&csv, ",", Speedup(point.weighted_mean, 4, ""), "\n");
  }
  return csv;
}

std::vector<Chart> TpuSensitivityCharts(const std::vector<tpu::SensitivityPoint>& points) {
  Chart chart;
  chart.title = "Speed over the published TPU's, weighted by deployment";
  chart.x_label = "scaled by";
  chart.log_x = true;
  for (const tpu::SensitivityPoint& point : points) {
    if (chart.series.empty() || chart.series.back().name != point.scaling) chart.series.push_back({point.scaling, {}});
    chart.series.back().points.push_back({point.factor, point.weighted_mean});
  }
  return {chart};
}

std::string TpuConstantTable() {
  TextTable table({{"constant", TextTable::Align::kLeft},
                   {"value", kRight},
                   {"unit", TextTable::Align::kLeft},
                   {"source", TextTable::Align::kLeft}});
  for (const tpu::Constant& constant : tpu::EnergyConstants()) {
    table.AddRow({constant.name, absl::StrCat(constant.value), constant.unit, constant.source});
  }
  return table.ToString();
}

}  // namespace espalier
