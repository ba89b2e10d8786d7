#include "tools/inspect.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "layers/model_builder.h"
#include "proto/job_loader.h"
#include "tools/network_report.h"

namespace espalier {
namespace {

class IgnoreErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
};

// Whether the text holds a Job; what it means, and its errors, are the loader's to say.
bool LooksLikeJob(const std::string& path) {
  std::string text(1 << 20, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), text.size());
  text.resize(file.gcount());
  Job job;
  IgnoreErrors errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(64);
  parser.ParseFromString(text, &job);
  return job.has_model() || job.has_data() || job.phase_size() > 0;
}

// The folders for jobs, and those for models within them, so that a network can be named alone.
std::vector<std::string> SearchFolders() {
  std::vector<std::string> folders = {""};
  for (const std::string& folder : DefaultConfigFolders()) {
    folders.push_back(folder);
    folders.push_back(folder + "/models");
  }
  return folders;
}

// `path_in_sources` becomes the model's place in the document's sources.
absl::StatusOr<ModelDocument> Load(const Arguments& arguments, std::string* path_in_sources) {
  const std::string& file = arguments.positional()[0];
  const std::vector<std::string> folders = SearchFolders();
  ASSIGN_OR_RETURN(const std::string path, FindConfig(file, folders));
  if (!LooksLikeJob(path)) return LoadModel(file, arguments.GetAll("set"), folders);
  ASSIGN_OR_RETURN(JobDocument job, LoadJob(file, arguments.GetAll("set"), folders));
  *path_in_sources = "model";
  return ModelDocument{std::move(*job.job.mutable_model()), std::move(job.sources), std::move(job.path)};
}

absl::Status Inspect(const Arguments& arguments, std::ostream& out) {
  if (arguments.Has("dot") && arguments.Has("csv")) {
    return absl::InvalidArgumentError("expected one of --dot and --csv, found both");
  }
  BuildOptions options;
  ASSIGN_OR_RETURN(options.batch_size, arguments.GetInteger("batch", 1, 1));
  ASSIGN_OR_RETURN(const ModelDocument document, Load(arguments, &options.path));
  options.sources = &document.sources;
  Graph graph;
  ASSIGN_OR_RETURN(const BuiltModel model, BuildModel(document.model, options, &graph));
  const std::vector<LayerReport> layers = ReportNetwork(model, graph);
  if (arguments.Has("dot")) {
    out << NetworkDot(document.model.name(), model, graph);
  } else if (arguments.Has("csv")) {
    out << NetworkCsv(layers);
  } else {
    out << document.model.name() << (document.model.name().empty() ? "" : ": ") << document.path << ", batch "
        << options.batch_size << "\n\n"
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
