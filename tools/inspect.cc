#include "tools/inspect.h"

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "layers/model_builder.h"
#include "tools/network_file.h"
#include "tools/network_report.h"

namespace espalier {
namespace {

absl::Status Inspect(const Arguments& arguments, std::ostream& out) {
  if (arguments.Has("dot") && arguments.Has("csv")) {
    return absl::InvalidArgumentError("expected one of --dot and --csv, found both");
  }
  BuildOptions options;
  ASSIGN_OR_RETURN(options.batch_size, arguments.GetInteger("batch", 1, 1));
  ASSIGN_OR_RETURN(const NetworkFile file, LoadNetwork(arguments.positional()[0], arguments.GetAll("set")));
  const Model& network = file.job.model();
  options.sources = &file.sources;
  options.path = file.path_in_sources;
  Graph graph;
  ASSIGN_OR_RETURN(const BuiltModel model, BuildModel(network, options, &graph));
  const std::vector<LayerReport> layers = ReportNetwork(model, graph);
  if (arguments.Has("dot")) {
    out << NetworkDot(network.name(), model, graph);
  } else if (arguments.Has("csv")) {
    out << NetworkCsv(layers);
  } else {
    out << network.name() << (network.name().empty() ? "" : ": ") << file.path << ", batch " << options.batch_size
        << "\n\n"
        << NetworkTable(layers) << "\nweights in f32: "
        << FormatBytes(static_cast<uint64_t>(graph.parameters().parameter_count()) * sizeof(float)) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

Verb InspectVerb() {
  Verb verb;
  verb.name = "inspect";
  verb.arguments = "FILE";
  verb.summary = "Prints the flat graph of a network: layers, shapes, parameters, MACs, activations.";
  verb.details =
      "FILE is a model or a job, or the name of a shipped one (resnet18). MACs are the multiply-accumulates of one\n"
      "forward pass; activations are the bytes that it writes, in f32.";
  verb.flags = {{"batch", "N", "images in the batch; 1 by default"},
                {"csv", "", "comma-separated values instead of a table"},
                {"dot", "", "a drawing in Graphviz's language instead of a table"},
                {"set", "PATH=VALUE", "overrides a field, as in `trainer --set`; may be repeated"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Inspect;
  return verb;
}

}  // namespace espalier
