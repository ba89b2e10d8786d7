#include "tools/import_report.h"

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "tools/table.h"

namespace espalier {
namespace {

std::vector<std::string> Han2016Row(const Han2016Layer& layer, uint64_t bytes) {
  return {layer.name,
          FormatCount(layer.weights),
          FormatCount(layer.entries),
          FormatCount(layer.fillers),
          FormatPercent(static_cast<double>(layer.entries - layer.fillers) / static_cast<double>(layer.weights)),
          FormatCount(layer.codebook_bytes),
          FormatCount(layer.bias_bytes),
          FormatCount(layer.code_bytes),
          FormatCount(layer.gap_bytes),
          FormatCount(bytes)};
}

}  // namespace

std::string Han2016Table(const Han2016File& file) {
  constexpr TextTable::Align kRight = TextTable::Align::kRight;
  TextTable table({{"layer"},
                   {"weights", kRight},
                   {"entries", kRight},
                   {"fillers", kRight},
                   {"kept", kRight},
                   {"codebook", kRight},
                   {"biases", kRight},
                   {"codes", kRight},
                   {"gaps", kRight},
                   {"bytes", kRight}});
  table.AddRow({"header", "", "", "", "", "", "", "", "", FormatCount(file.header_bytes)});
  Han2016Layer sum;
  sum.name = "total";
  for (const Han2016Layer& layer : file.layers) {
    table.AddRow(Han2016Row(layer, layer.bytes()));
    sum.weights += layer.weights;
    sum.entries += layer.entries;
    sum.fillers += layer.fillers;
    sum.codebook_bytes += layer.codebook_bytes;
    sum.bias_bytes += layer.bias_bytes;
    sum.code_bytes += layer.code_bytes;
    sum.gap_bytes += layer.gap_bytes;
  }
  table.AddTotals(Han2016Row(sum, file.header_bytes + sum.bytes()));
  return table.ToString();
}

std::string NameTableText(const ImportedTensors& imported) {
  TextTable table({{""}, {""}, {""}});
  for (size_t i = 0; i < imported.theirs.size(); ++i) {
    const PackedTensor& ours = imported.package.tensors[i];
    table.AddRow({imported.theirs[i], ours.name, absl::StrCat("# ", ours.shape.ToString())});
  }
  for (const std::string& name : imported.left_out) table.AddRow({name, kLeaveOut, ""});
  return table.ToString();
}

}  // namespace espalier
