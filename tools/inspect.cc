#include "tools/inspect.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "compression/package/ledger.h"
#include "compression/package/package_file.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "layers/model_builder.h"
#include "tools/network_file.h"
#include "tools/network_report.h"
#include "tools/package_report.h"

namespace espalier {
namespace {

// Whether there is a file that begins as a package does.
bool NamesPackage(const std::string& path) {
  const absl::StatusOr<std::unique_ptr<ReadableFile>> file = FileSystem::Posix()->OpenForReading(path);
  char head[4] = {};
  if (!file.ok() || (*file)->size() < sizeof head || !(*file)->Read(0, sizeof head, head).ok()) return false;
  return IsPackage(absl::string_view(head, sizeof head));
}

std::string DescribeMeasured(const PackageInfo& info) {
  std::string text;
  if (info.has_top1()) absl::StrAppend(&text, "validation top-1: ", FormatPercent(info.top1()), "\n");
  if (info.data().has_validation()) {
    absl::StrAppend(&text, "validation samples: ", info.data().validation().ShortDebugString(), "\n");
  }
  if (info.activation_size() > 0) {
    absl::StrAppend(&text, "ranges known of ", FormatCount(info.activation_size()), " activations\n");
  }
  return text;
}

absl::Status InspectPackage(const Arguments& arguments, const BuildOptions& options, std::ostream& out) {
  const std::string& path = arguments.positional()[0];
  if (arguments.Has("set")) return absl::InvalidArgumentError("--set: expected a model or a job, found a package");
  ASSIGN_OR_RETURN(const std::string bytes, ReadPackageBytes(FileSystem::Posix(), path));
  const absl::StatusOr<PackageLedger> ledger = ExplainPackage(bytes);
  if (!ledger.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", ledger.status().message()));
  const Model& network = ledger->info.model();
  Graph graph;
  ASSIGN_OR_RETURN(const BuiltModel model, BuildModel(network, options, &graph));
  if (arguments.Has("dot")) {
    out << NetworkDot(network.name(), model, graph);
  } else if (arguments.Has("csv")) {
    out << LedgerCsv(*ledger);
  } else {
    out << network.name() << (network.name().empty() ? "" : ": ") << path << ", batch " << options.batch_size << "\n\n"
        << NetworkTable(ReportNetwork(model, graph)) << "\n"
        << PackageTable(*ledger) << "\n"
        << PackageSize(*ledger) << "\nbytes: " << PackageBytes(*ledger) << "\n"
        << DescribeMeasured(ledger->info);
  }
  return absl::OkStatus();
}

absl::Status Inspect(const Arguments& arguments, std::ostream& out) {
  if (arguments.Has("dot") && arguments.Has("csv")) {
    return absl::InvalidArgumentError("expected one of --dot and --csv, found both");
  }
  BuildOptions options;
  ASSIGN_OR_RETURN(options.batch_size, arguments.GetInteger("batch", 1, 1));
  if (NamesPackage(arguments.positional()[0])) return InspectPackage(arguments, options, out);
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
  verb.summary = "Prints the flat graph of a network or package: layers, shapes, parameters, MACs, activations.";
  verb.details =
      "FILE is a model or a job, or the name of a shipped one (resnet18), or a package (model.esp), of which it says\n"
      "what each layer takes, too; --csv then prints its ledger. MACs are the multiply-accumulates of one forward\n"
      "pass; activations are the bytes that it writes, in f32.";
  verb.flags = {{"batch", "N", "images in the batch; 1 by default"},
                {"csv", "", "comma-separated values instead of a table"},
                {"dot", "", "a drawing in Graphviz's language instead of a table"},
                {"set", "PATH=VALUE", "overrides a field, as in `trainer --set`; may be repeated"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Inspect;
  return verb;
}

}  // namespace espalier
