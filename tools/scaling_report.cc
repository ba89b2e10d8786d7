#include "tools/scaling_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files/csv.h"
#include "core/human_readable.h"
#include "tools/table.h"

namespace espalier {
namespace {

std::string Milliseconds(double seconds) { return absl::StrFormat("%.3f", 1e3 * seconds); }
std::string Percent(double fraction) { return absl::StrFormat("%.1f%%", 100 * fraction); }

}  // namespace

std::string AlgorithmName(AllReduceAlgorithm algorithm) {
  switch (algorithm) {
    case AllReduceAlgorithm::kDirect:
      return "direct";
    case AllReduceAlgorithm::kRing:
      return "ring";
    default:
      return "halving_doubling";
  }
}

std::string ScalingTable(const ScalingCurve& curve, AllReduceAlgorithm shown) {
  constexpr auto kRight = TextTable::Align::kRight;
  std::vector<TextTable::Column> columns;
  for (const char* header : {"ranks", "hosts", "batch", "compute ms", "exchange ms", "exposed ms", "step ms",
                             "images/s", "efficiency", "best bucket MiB"}) {
    columns.push_back({header, kRight});
  }
  for (const AllReduceAlgorithm algorithm : kAllReduceAlgorithms) {
    if (algorithm != shown) columns.push_back({AlgorithmName(algorithm), kRight});
  }
  TextTable table(columns);
  for (size_t i = 0; i < curve.points.size(); i += std::size(kAllReduceAlgorithms)) {
    std::vector<std::string> cells, others;
    for (size_t j = i; j < i + std::size(kAllReduceAlgorithms); ++j) {
      const ScalingPoint& point = curve.points[j];
      if (point.algorithm != shown) {
        others.push_back(Percent(point.efficiency));
        continue;
      }
      cells = {FormatCount(point.ranks),
               FormatCount(point.hosts),
               FormatCount(point.batch),
               Milliseconds(point.time.compute_s),
               Milliseconds(point.time.communication_s),
               Milliseconds(point.time.exposed_s()),
               Milliseconds(point.time.step_s),
               FormatFigure(point.images_per_s),
               Percent(point.efficiency),
               absl::StrFormat("%g", point.best_bucket_mib)};
    }
    cells.insert(cells.end(), others.begin(), others.end());
    table.AddRow(cells);
  }
  return table.ToString();
}

std::string ScalingCsv(const std::vector<ScalingCurve>& curves) {
  std::string csv =
      "network,algorithm,ranks,hosts,batch,buckets,compute_s,exchange_s,exposed_s,step_s,images_per_s,efficiency,"
      "best_bucket_mib\n";
  for (const ScalingCurve& curve : curves) {
    for (const ScalingPoint& point : curve.points) {
      absl::StrAppendFormat(&csv, "%s,%s,%d,%d,%d,%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%g\n", CsvCell(curve.network),
                            AlgorithmName(point.algorithm), point.ranks, point.hosts, point.batch, point.time.buckets,
                            point.time.compute_s, point.time.communication_s, point.time.exposed_s(), point.time.step_s,
                            point.images_per_s, point.efficiency, point.best_bucket_mib);
    }
  }
  return csv;
}

std::vector<Chart> ScalingCharts(const std::string& network, const std::vector<ScalingCurve>& curves,
                                 AllReduceAlgorithm shown) {
  Chart efficiency, speed;
  efficiency.title = network + ": efficiency";
  efficiency.percent = true;
  speed.title = network + ": images a second";
  speed.log_y = true;
  efficiency.x_label = speed.x_label = "ranks";
  efficiency.log_x = speed.log_x = true;
  for (const ScalingCurve& curve : curves) {
    ChartSeries of_efficiency, of_speed;
    of_efficiency.name = of_speed.name = curve.label;
    for (const ScalingPoint& point : curve.points) {
      if (point.algorithm != shown) continue;
      of_efficiency.points.push_back({static_cast<double>(point.ranks), point.efficiency});
      of_speed.points.push_back({static_cast<double>(point.ranks), point.images_per_s});
    }
    efficiency.series.push_back(std::move(of_efficiency));
    speed.series.push_back(std::move(of_speed));
  }
  return {efficiency, speed};
}

}  // namespace espalier
