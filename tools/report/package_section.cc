#include "tools/report/package_section.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/human_readable.h"

namespace espalier {
namespace {

constexpr absl::string_view kTotal = "total";
constexpr absl::string_view kBytesSuffix = "_bytes";

// The row of the sums: the last, if it is called so. Another of that name is a tensor's.
std::optional<size_t> TotalRow(const CsvTable& ledger) {
  if (ledger.rows.empty() || ledger.rows.back()[0] != kTotal) return std::nullopt;
  return ledger.rows.size() - 1;
}

// "conv1" of the tensor "conv1/weight"; rows that are no tensors are layers of their own.
std::string LayerOf(const std::string& tensor) { return tensor.substr(0, tensor.rfind('/')); }

// Rows of one layer, in the order of the ledger.
struct LayerRows {
  std::string layer;
  std::vector<size_t> rows;
};

std::vector<LayerRows> ByLayer(const CsvTable& ledger) {
  std::vector<LayerRows> layers;
  std::map<std::string, size_t> places;
  for (size_t row = 0; row < ledger.rows.size(); ++row) {
    const std::string& tensor = ledger.rows[row][0];
    if (row == TotalRow(ledger)) continue;
    const auto [place, added] = places.emplace(LayerOf(tensor), layers.size());
    if (added) layers.push_back({LayerOf(tensor), {}});
    layers[place->second].rows.push_back(row);
  }
  return layers;
}

double SumOf(const CsvTable& ledger, const std::vector<size_t>& rows, size_t column) {
  double sum = 0;
  for (const size_t row : rows) sum += ledger.Number(row, column).value_or(0);
  return sum;
}

// The parameters' elements: the sum over all tensors without the running statistics of norms, where they are told
// apart.
double ElementsOf(const CsvTable& ledger) {
  const std::optional<size_t> elements = ledger.Column("elements");
  if (!elements) return 0;
  double sum = 0;
  for (size_t row = 0; row < ledger.rows.size(); ++row) {
    const std::string& tensor = ledger.rows[row][0];
    const bool statistic = absl::EndsWith(tensor, "/mean") || absl::EndsWith(tensor, "/variance");
    if (row != TotalRow(ledger) && !statistic) sum += ledger.Number(row, *elements).value_or(0);
  }
  return sum;
}

std::optional<double> FileBytes(const CsvTable& ledger) {
  const std::optional<size_t> bytes = ledger.Column("bytes"), total = TotalRow(ledger);
  if (!bytes || !total) return std::nullopt;
  return ledger.Number(*total, *bytes);
}

Figure KeptFigure(const CsvTable& ledger, const std::vector<LayerRows>& layers, size_t elements, size_t kept) {
  Figure figure;
  figure.kind = Figure::Kind::kBars;
  figure.title = "weights kept";
  figure.x_label = "layer";
  figure.y_label = "share of all weights";
  figure.percent = true;
  FigureSeries& series = figure.series.emplace_back();
  for (const LayerRows& layer : layers) {
    const double all = SumOf(ledger, layer.rows, elements);
    if (all == 0) continue;
    figure.categories.push_back(layer.layer);
    series.y.push_back(SumOf(ledger, layer.rows, kept) / all);
  }
  return figure;
}

}  // namespace

absl::StatusOr<ReportSection> PackageSection(const CsvTable& ledger) {
  ReportSection section;
  section.id = "package";
  section.title = "The package, byte by byte";
  section.text =
      "What the parts of each layer take in the file: shared values' codes, indices of the weights that are kept, "
      "padding where indices are too short for a gap, codebooks, tables of Huffman codes, and what is stored as it is.";
  const std::vector<LayerRows> layers = ByLayer(ledger);
  Figure bytes;
  bytes.kind = Figure::Kind::kBars;
  bytes.title = "bytes by layer and purpose";
  bytes.x_label = "layer";
  bytes.y_label = "bytes";
  for (const LayerRows& layer : layers) bytes.categories.push_back(layer.layer);
  for (size_t column = 1; column < ledger.header.size(); ++column) {
    const std::string& name = ledger.header[column];
    if (!absl::EndsWith(name, kBytesSuffix) || !ledger.IsNumeric(column)) continue;
    FigureSeries series;
    series.name = absl::StrReplaceAll(name.substr(0, name.size() - kBytesSuffix.size()), {{"_", " "}});
    double sum = 0;
    for (const LayerRows& layer : layers) sum += series.y.emplace_back(SumOf(ledger, layer.rows, column));
    if (sum > 0) bytes.series.push_back(std::move(series));
  }
  if (bytes.series.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected columns whose names end in ", kBytesSuffix, ", found none with bytes in it"));
  }
  FigureGroup& group = section.groups.emplace_back();
  group.figures.push_back(std::move(bytes));
  const std::optional<size_t> elements = ledger.Column("elements"), kept = ledger.Column("kept");
  if (elements && kept) group.figures.push_back(KeptFigure(ledger, layers, *elements, *kept));
  section.tables.push_back({"ledger.csv", ledger.header, ledger.rows});
  return section;
}

std::vector<Highlight> PackageHighlights(const CsvTable& ledger) {
  const std::optional<double> bytes = FileBytes(ledger);
  if (!bytes || *bytes <= 0) return {};
  std::vector<Highlight> highlights = {
      {"package", FormatBytes(static_cast<uint64_t>(*bytes)),
       absl::StrCat("model.esp: ", FormatCount(static_cast<int64_t>(*bytes)), " bytes, everything included")}};
  if (const double elements = ElementsOf(ledger); elements > 0) {
    const double dense = elements * sizeof(float);
    highlights.push_back({"compression", absl::StrFormat("%.1fx", dense / *bytes),
                          absl::StrCat("against ", FormatBytes(static_cast<uint64_t>(dense)), " in f32")});
  }
  return highlights;
}

}  // namespace espalier
