#include "tools/network_report.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/files/csv.h"
#include "core/human_readable.h"
#include "tools/table.h"

namespace espalier {
namespace {

// The operator's attributes, with the size of the kernel that a convolution's weights have.
std::string Attributes(const Graph& graph, const Node& node) {
  std::string kernel;
  if (node.op->kind() == "convolution") {
    const Shape weights = graph.type(node.inputs[1]).shape;
    kernel = absl::StrCat("kernel ", weights[2], "x", weights[3], " ");
  }
  return kernel + node.op->Attributes();
}

// `counted` holds the parameters that an earlier node read.
void AddNode(const Graph& graph, const Node& node, std::set<ValueId>* counted, LayerReport* report) {
  absl::StrAppend(&report->operators, report->operators.empty() ? "" : " + ", node.op->kind());
  const std::string attributes = Attributes(graph, node);
  absl::StrAppend(&report->attributes, report->attributes.empty() || attributes.empty() ? "" : "; ", attributes);
  report->macs += node.op->CostOf(graph.InputTypes(node), graph.OutputTypes(node)).macs;
  if (!node.op->IsView()) {
    for (ValueId id : node.outputs) report->activation_bytes += graph.type(id).bytes();
  }
  for (ValueId id : node.inputs) {
    if (graph.value(id).kind != ValueKind::kParameter || !counted->insert(id).second) continue;
    report->parameters += graph.type(id).shape.elements();
  }
}

LayerReport Totals(const std::vector<LayerReport>& layers) {
  LayerReport totals;
  for (const LayerReport& layer : layers) {
    totals.parameters += layer.parameters;
    totals.macs += layer.macs;
    totals.activation_bytes += layer.activation_bytes;
  }
  return totals;
}

std::string CountOrBlank(int64_t count) { return count == 0 ? "" : FormatCount(count); }

std::string Escaped(const std::string& text) { return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}); }

}  // namespace

std::vector<LayerReport> ReportNetwork(const BuiltModel& model, const Graph& graph) {
  std::vector<LayerReport> reports;
  for (ValueId id : model.inputs) {
    LayerReport input;
    input.layer = graph.value(id).name;
    input.operators = "input";
    input.output = graph.type(id).shape;
    input.activation_bytes = graph.type(id).bytes();
    reports.push_back(std::move(input));
  }
  std::map<std::string, size_t> index;
  for (const BuiltLayer& layer : model.layers) {
    index[layer.name] = reports.size();
    LayerReport report;
    report.layer = layer.name;
    report.output = graph.type(layer.output).shape;
    reports.push_back(std::move(report));
  }
  std::set<ValueId> counted;
  for (const Node& node : graph.nodes()) {
    const auto found = index.find(node.layer);
    if (found != index.end()) AddNode(graph, node, &counted, &reports[found->second]);
  }
  return reports;
}

std::string NetworkTable(const std::vector<LayerReport>& layers) {
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table(
      {{"layer"}, {"operator"}, {"output"}, {"parameters", kRight}, {"MACs", kRight}, {"activations", kRight}});
  for (const LayerReport& layer : layers) {
    const std::string operators = absl::StrCat(layer.operators.empty() ? "(nothing)" : layer.operators,
                                               layer.attributes.empty() ? "" : " ", layer.attributes);
    table.AddRow({layer.layer, operators, layer.output.ToString(), CountOrBlank(layer.parameters),
                  CountOrBlank(layer.macs), FormatBytes(layer.activation_bytes)});
  }
  const LayerReport totals = Totals(layers);
  table.AddTotals({"total", "", "", FormatCount(totals.parameters), FormatCount(totals.macs),
                   FormatBytes(totals.activation_bytes)});
  return table.ToString();
}

std::string NetworkCsv(const std::vector<LayerReport>& layers) {
  std::string csv = "layer,operators,attributes,output,parameters,macs,activation_bytes\n";
  for (const LayerReport& layer : layers) {
    absl::StrAppend(&csv, CsvCell(layer.layer), ",", CsvCell(layer.operators), ",", CsvCell(layer.attributes), ",",
                    absl::StrJoin(layer.output.dims(), "x"), ",", layer.parameters, ",", layer.macs, ",",
                    layer.activation_bytes, "\n");
  }
  return csv;
}

std::string NetworkDot(const std::string& name, const BuiltModel& model, const Graph& graph) {
  std::string dot = absl::StrCat("digraph \"", Escaped(name), "\" {\n  node [shape=box, fontname=\"sans-serif\"];\n",
                                 "  edge [fontname=\"sans-serif\", fontsize=10];\n");
  const std::vector<LayerReport> reports = ReportNetwork(model, graph);
  for (size_t i = 0; i < reports.size(); ++i) {
    if (reports[i].operators.empty()) continue;
    const bool input = i < model.inputs.size();
    absl::StrAppend(&dot, "  \"", Escaped(reports[i].layer), "\" [label=\"", Escaped(reports[i].layer), "\\n",
                    Escaped(input ? reports[i].output.ToString() : reports[i].operators), "\"",
                    input ? ", shape=ellipse" : "", "];\n");
  }
  std::set<std::pair<std::string, ValueId>> drawn;  // a layer may read a value in several nodes
  for (const Node& node : graph.nodes()) {
    for (ValueId id : node.inputs) {
      const Value& value = graph.value(id);
      if (value.kind != ValueKind::kInput && value.kind != ValueKind::kComputed) continue;
      const std::string& from = value.kind == ValueKind::kInput ? value.name : graph.node(value.producer).layer;
      if (from == node.layer || !drawn.emplace(node.layer, id).second) continue;
      absl::StrAppend(&dot, "  \"", Escaped(from), "\" -> \"", Escaped(node.layer), "\" [label=\"",
                      value.type.shape.ToString(), "\"];\n");
    }
  }
  return dot + "}\n";
}

}  // namespace espalier
