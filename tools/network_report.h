// What a network's graph consists of, layer by layer, as a table for people, CSV for programs, or a drawing.
#ifndef ESPALIER_TOOLS_NETWORK_REPORT_H_
#define ESPALIER_TOOLS_NETWORK_REPORT_H_

#include <string>
#include <vector>

#include "core/graph.h"
#include "layers/model_builder.h"

namespace espalier {

struct LayerReport {
  std::string layer;
  std::string operators;  // "reshape + matmul"; empty for a layer that emits none
  std::string attributes;
  Shape output;
  int64_t parameters = 0;        // elements
  int64_t macs = 0;              // multiply-accumulates of one forward pass over the batch
  int64_t activation_bytes = 0;  // of the values that its operators write; a view writes none
};

// The inputs first, then the layers in the order of the graph.
std::vector<LayerReport> ReportNetwork(const BuiltModel& model, const Graph& graph);

// An aligned table with totals.
std::string NetworkTable(const std::vector<LayerReport>& layers);

// A header line, then one line a layer; all sizes are plain integers, a shape is "1x64x56x56".
std::string NetworkCsv(const std::vector<LayerReport>& layers);

// The layers and what flows between them in Graphviz's language: `espalier inspect x --dot | dot -Tsvg`.
std::string NetworkDot(const std::string& name, const BuiltModel& model, const Graph& graph);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_NETWORK_REPORT_H_
