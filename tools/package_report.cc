#include "tools/package_report.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compression/layer_patterns.h"
#include "core/human_readable.h"
#include "tools/table.h"

namespace espalier {
namespace {

// Sums over the tensors of a layer, or over all.
struct Sums {
  std::string name;
  int64_t weights = 0, kept = 0;
  // Over entries of what is coded as shared values, integers or sparse floats:
  int64_t entries = 0, sparse_entries = 0;
  double value_bits = 0, coded_value_bits = 0, index_bits = 0, coded_index_bits = 0;
  int64_t packed_bytes = 0, bytes = 0;

  void Add(const LedgerRow& row) {
    packed_bytes += row.packed_bytes;
    bytes += row.bytes.sum();
    if (row.is_state) return;
    weights += row.elements;
    kept += row.kept;
    const auto count = static_cast<double>(row.entries);
    if (row.index_bits > 0) {
      sparse_entries += row.entries;
      index_bits += count * row.index_bits;
      coded_index_bits += count * row.coded_index_bits;
    }
    if (row.bytes.dense > 0 && row.index_bits == 0) return;
    entries += row.entries;
    value_bits += count * row.value_bits;
    coded_value_bits += count * row.coded_value_bits;
  }
};

std::string Average(double sum, int64_t count, const char* format) {
  if (count == 0) return "";
  const double average = sum / static_cast<double>(count);
  return format[0] == 'd' ? absl::StrFormat(average == static_cast<int>(average) ? "%.0f" : "%.1f", average)
                          : absl::StrFormat("%.1f", average);
}

std::string Share(int64_t part, int64_t whole) {
  return whole == 0 ? "" : FormatPercent(static_cast<double>(part) / static_cast<double>(whole));
}

std::vector<std::string> Cells(const Sums& sums) {
  const int64_t original = sums.weights * static_cast<int64_t>(sizeof(float));
  return {sums.name,
          FormatCount(sums.weights),
          Share(sums.kept, sums.weights),
          Average(sums.value_bits, sums.entries, "d"),
          Average(sums.coded_value_bits, sums.entries, "f"),
          Average(sums.index_bits, sums.sparse_entries, "d"),
          Average(sums.coded_index_bits, sums.sparse_entries, "f"),
          Share(sums.packed_bytes, original),
          Share(sums.bytes, original),
          FormatCount(sums.bytes)};
}

}  // namespace

std::string PackageTable(const PackageLedger& ledger) {
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table({{"layer"},
                   {"weights", kRight},
                   {"kept", kRight},
                   {"bits P+Q", kRight},
                   {"P+Q+H", kRight},
                   {"index P+Q", kRight},
                   {"P+Q+H", kRight},
                   {"rate P+Q", kRight},
                   {"P+Q+H", kRight},
                   {"bytes", kRight}});
  std::vector<Sums> layers;
  std::map<std::string, size_t> places;  // in `layers`
  Sums total;
  for (const LedgerRow& row : ledger.rows) {
    const std::string name(LayerOf(row.tensor));
    const auto [place, is_new] = places.emplace(name, layers.size());
    if (is_new) layers.emplace_back().name = name;
    layers[place->second].Add(row);
    total.Add(row);
  }
  for (const Sums& sums : layers) table.AddRow(Cells(sums));
  const int64_t rest = ledger.header_bytes + ledger.checksum_bytes;
  table.AddRow({"header and checksum", "", "", "", "", "", "", "", "", FormatCount(rest)});
  total.name = "total";
  total.bytes += rest;
  total.packed_bytes += rest;
  table.AddTotals(Cells(total));
  return table.ToString();
}

std::string PackageBytes(const PackageLedger& ledger) {
  const LedgerBytes sum = ledger.Sum();
  return absl::StrCat("values ", FormatCount(sum.values), ", indices ", FormatCount(sum.indices), ", padding ",
                      FormatCount(sum.padding), ", codebooks ", FormatCount(sum.codebook), ", code tables ",
                      FormatCount(sum.code_tables), ", biases and other floats ", FormatCount(sum.dense),
                      ", section heads ", FormatCount(sum.overhead), ", header ", FormatCount(ledger.header_bytes),
                      ", checksum ", FormatCount(ledger.checksum_bytes));
}

std::string PackageSize(const PackageLedger& ledger) {
  const double ratio = static_cast<double>(ledger.original_bytes()) / static_cast<double>(ledger.file_bytes());
  return absl::StrCat(FormatCount(ledger.file_bytes()), " bytes, ", FormatFigure(ratio), " times smaller than ",
                      FormatBytes(ledger.original_bytes()), " of weights in f32");
}

}  // namespace espalier
