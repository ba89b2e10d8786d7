#include "tools/eie_study_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/human_readable.h"
#include "hw/eie/energy.h"
#include "tools/table.h"

namespace espalier {
namespace {

constexpr auto kRight = TextTable::Align::kRight;

EieFigures Figures(const EieStudyTask& task, const EieStudyResult& result) {
  const double dense_macs = static_cast<double>(task.benchmark.rows * task.benchmark.columns);
  return ComputeEieFigures(task.config, result.counters, dense_macs, result.fits_alone ? 0 : result.load_bytes);
}

std::string Deviation(double found, double expected) {
  return absl::StrFormat("%+.1f%%", 100 * (found / expected - 1));
}

// The network a layer is from.
std::string Network(const EieStudyPoint& point) {
  const absl::string_view layer = point.task.benchmark.name;
  return layer[0] == 'A' ? "AlexNet" : layer[0] == 'V' ? "VGG-16" : "NeuralTalk";
}

std::string Cell(const EieMetric& metric, double value) {
  return metric.percent ? absl::StrFormat("%.1f%%", 100 * value) : FormatFigure(value);
}

}  // namespace

std::string EieLayerTable(const std::vector<EieLayerRun>& runs) {
  TextTable table({{"layer"},
                   {"seed", kRight},
                   {"cycles", kRight},
                   {"authors'", kRight},
                   {"off", kRight},
                   {"us", kRight},
                   {"published", kRight},
                   {"off", kRight},
                   {"efficiency", kRight},
                   {"balance", kRight},
                   {"mW", kRight},
                   {"uJ", kRight},
                   {"GOP/s", kRight},
                   {"tiles", kRight},
                   {"M PE cycles/s", kRight}});
  for (const EieLayerRun& run : runs) {
    const EieBenchmark& benchmark = run.known.benchmark;
    const EieCounters& known = run.known_result.counters;
    const EieCounters& counters = run.published_result.counters;
    const EieFigures figures = Figures(run.published, run.published_result);
    const int64_t elements = run.published.config.processing_elements;
    const double speed = static_cast<double>(counters.cycles * elements) / run.published_result.run_s / 1e6;
    table.AddRow(
        {benchmark.name, absl::StrCat(run.known.seed), FormatCount(known.cycles), FormatCount(benchmark.known_cycles),
         Deviation(known.cycles, benchmark.known_cycles), absl::StrFormat("%.2f", figures.us),
         absl::StrFormat("%.1f", benchmark.published_us), Deviation(figures.us, benchmark.published_us),
         absl::StrFormat("%.1f%%", 100 * counters.Efficiency(elements)),
         absl::StrFormat("%.1f%%", 100 * counters.LoadBalance(elements)), absl::StrFormat("%.0f", figures.power_mw),
         absl::StrFormat("%.1f", figures.energy_nj / 1e3), absl::StrFormat("%.1f", figures.gops),
         absl::StrCat(run.published_result.tiles, run.published_result.fits_alone ? "" : " (reloaded)"),
         FormatFigure(speed)});
  }
  return table.ToString();
}

std::string EieLayerCsv(const std::vector<EieLayerRun>& runs) {
  std::string csv =
      "layer,seed,known_activations,cycles,authors_cycles,activations,published_density_cycles,us,published_us,"
      "real_macs,padding_macs,empty_columns,idle,queue_full_cycles,row_step_cycles,activation_load_cycles,"
      "drain_cycles,write_back_cycles,queue_pushes,pointer_reads,matrix_reads,activation_reads,activation_writes,"
      "power_mw,energy_nj,dram_nj,gops,dense_gops\n";
  for (const EieLayerRun& run : runs) {
    const EieCounters& c = run.published_result.counters;
    const EieFigures f = Figures(run.published, run.published_result);
    absl::StrAppendFormat(&csv, "%s,%d,%d,%d,%d,%d,%d,%.6g,%g,", run.known.benchmark.name, run.known.seed,
                          run.known.non_zeros, run.known_result.counters.cycles, run.known.benchmark.known_cycles,
                          run.published.non_zeros, c.cycles, f.us, run.known.benchmark.published_us);
    absl::StrAppendFormat(&csv, "%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,", c.real_macs, c.padding_macs,
                          c.empty_columns, c.Idle(run.published.config.processing_elements), c.queue_full_cycles,
                          c.row_step_cycles, c.activation_load_cycles, c.drain_cycles, c.write_back_cycles,
                          c.queue_pushes, c.pointer_reads, c.matrix_reads, c.activation_reads, c.activation_writes);
    absl::StrAppendFormat(&csv, "%.6g,%.6g,%.6g,%.6g,%.6g\n", f.power_mw, f.energy_nj, f.dram_nj, f.gops, f.dense_gops);
  }
  return csv;
}

std::string EieConstantTable() {
  TextTable table({{"constant"}, {"value", kRight}, {"unit"}, {"source"}});
  for (const EieConstant& constant : EieConstants(EieConfig())) {
    table.AddRow({constant.name, absl::StrFormat("%.4g", constant.value), constant.unit, constant.source});
  }
  const EieArea area = ComputeEieArea(EieConfig());
  return absl::StrCat(table.ToString(),
                      absl::StrFormat("the published chip's area from these: %.2f mm2\n", area.total() / 1e6));
}

std::string EieSweepTable(const EieSweep& sweep) {
  std::vector<TextTable::Column> columns = {{"layer"}};
  std::vector<std::vector<std::string>> rows;
  for (const EieStudyPoint& point : sweep.points) {
    if (rows.empty() || rows.back()[0] != point.task.benchmark.name) rows.push_back({point.task.benchmark.name});
    if (rows.size() == 1) columns.push_back({absl::StrCat(point.value), kRight});
    rows.back().push_back(Cell(sweep.metrics[0], point.metrics[0]));
  }
  TextTable table(columns);
  for (std::vector<std::string>& row : rows) table.AddRow(std::move(row));
  return absl::StrCat(sweep.metrics[0].title, " by ", sweep.parameter, "\n", table.ToString());
}

std::string EieSweepCsv(const EieSweep& sweep) {
  std::string csv = absl::StrCat("layer,", sweep.name, ",cycles,us,energy_nj");
  for (const EieMetric& metric : sweep.metrics) absl::StrAppend(&csv, ",", metric.name);
  csv += '\n';
  for (const EieStudyPoint& point : sweep.points) {
    const EieFigures figures = Figures(point.task, point.result);
    absl::StrAppendFormat(&csv, "%s,%d,%d,%.6g,%.6g", point.task.benchmark.name, point.value,
                          point.result.counters.cycles, figures.us, figures.energy_nj);
    for (const double value : point.metrics) absl::StrAppendFormat(&csv, ",%.6g", value);
    csv += '\n';
  }
  return csv;
}

std::vector<Chart> EieSweepCharts(const EieSweep& sweep) {
  std::vector<Chart> charts;
  for (size_t m = 0; m < sweep.metrics.size(); ++m) {
    const EieMetric& metric = sweep.metrics[m];
    std::string network;
    for (const EieStudyPoint& point : sweep.points) {
      if (Network(point) != network) {
        network = Network(point);
        Chart chart;
        chart.title = absl::StrCat(network, ": ", metric.title);
        chart.x_label = sweep.parameter;
        chart.percent = metric.percent;
        chart.log_x = true;
        chart.log_y = metric.log;
        charts.push_back(std::move(chart));
      }
      std::vector<ChartSeries>& series = charts.back().series;
      if (series.empty() || series.back().name != point.task.benchmark.name) {
        series.push_back({point.task.benchmark.name, {}});
      }
      series.back().points.push_back({static_cast<double>(point.value), point.metrics[m]});
    }
  }
  return charts;
}

}  // namespace espalier
