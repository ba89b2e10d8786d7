#include "tools/import.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compression/import/han2016.h"
#include "compression/import/preprocessing.h"
#include "compression/import/safetensors_import.h"
#include "compression/package/effective_weights.h"
#include "compression/package/package_file.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "tools/import_report.h"
#include "tools/network_file.h"

namespace espalier {
namespace {

constexpr uint64_t kMostHan2016Bytes = uint64_t{1} << 32;
constexpr uint64_t kMostNameTableBytes = 16 << 20;

struct Imported {
  Package package;
  uint64_t file_bytes = 0;
};

absl::StatusOr<Imported> FromHan2016(const std::string& path, ImportTarget target, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(FileSystem::Posix(), path, kMostHan2016Bytes));
  ASSIGN_OR_RETURN(Han2016File file, ReadHan2016(bytes, path, std::move(target)));
  out << Han2016Table(file);
  return Imported{std::move(file.package), bytes.size()};
}

absl::StatusOr<Imported> FromSafetensors(const std::string& path, const std::string& table_path, ImportTarget target,
                                         std::ostream& out) {
  FileSystem* files = FileSystem::Posix();
  std::vector<NamePair> table;
  if (!table_path.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(files, table_path, kMostNameTableBytes));
    ASSIGN_OR_RETURN(table, ParseNameTable(text, table_path));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, files->OpenForReading(path));
  const uint64_t bytes = file->size();
  ASSIGN_OR_RETURN(const SafetensorsReader reader, SafetensorsReader::Open(std::move(file)));
  ASSIGN_OR_RETURN(ImportedTensors imported, ImportSafetensors(reader, std::move(target), table, table_path));
  out << NameTableText(imported);
  return Imported{std::move(imported.package), bytes};
}

absl::StatusOr<Preprocessing> PreprocessingNamed(const std::string& name) {
  if (name == "caffe") return Preprocessing::kCaffe;
  if (name == "torchvision") return Preprocessing::kTorchvision;
  return absl::InvalidArgumentError(absl::StrCat("--preprocessing: expected caffe or torchvision, found ", name));
}

absl::Status Write(const Arguments& arguments, const Imported& imported, std::ostream& out) {
  FileSystem* files = FileSystem::Posix();
  if (arguments.Has("weights")) {
    RETURN_IF_ERROR(WriteEffectiveWeights(files, arguments.Get("weights"), imported.package).status());
    out << "\n" << arguments.Get("weights") << ": all weights in f32, for a job's initial_weights\n";
  }
  if (!arguments.Has("output")) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string bytes, EncodePackage(imported.package));
  RETURN_IF_ERROR(WriteFileAtomically(files, arguments.Get("output"), bytes));
  const int64_t saved = static_cast<int64_t>(imported.file_bytes) - static_cast<int64_t>(bytes.size());
  out << "\n"
      << arguments.Get("output") << ": " << FormatCount(bytes.size()) << " bytes with the same weights, "
      << FormatCount(std::abs(saved)) << (saved >= 0 ? " fewer" : " more") << " than the file ("
      << FormatPercent(static_cast<double>(bytes.size()) / static_cast<double>(imported.file_bytes)) << ")\n";
  return absl::OkStatus();
}

absl::Status Import(const Arguments& arguments, std::ostream& out) {
  const std::string format = arguments.Get("format"), path = arguments.positional()[0];
  const bool han2016 = format == "han2016";
  if (!han2016 && format != "safetensors") {
    return absl::InvalidArgumentError(
        absl::StrCat("--format: expected han2016 or safetensors, found ", format.empty() ? "none" : format));
  }
  if (arguments.Has("weights") && arguments.Get("weights") == arguments.Get("output")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--weights: expected another file than --output, found ", arguments.Get("output")));
  }
  if (!arguments.Has("model")) return absl::InvalidArgumentError("--model: expected the network's file, found none");
  if (han2016 && arguments.Has("names")) {
    return absl::InvalidArgumentError("--names: expected with safetensors alone, found it with han2016");
  }
  ASSIGN_OR_RETURN(const Preprocessing convention,
                   PreprocessingNamed(arguments.Get("preprocessing", han2016 ? "caffe" : "torchvision")));
  ASSIGN_OR_RETURN(const NetworkFile network, LoadNetwork(arguments.Get("model"), arguments.GetAll("set")));
  BuildOptions options;
  options.sources = &network.sources;
  options.path = network.path_in_sources;
  ASSIGN_OR_RETURN(ImportTarget target, MakeImportTarget(network.job.model(), options));
  *target.package.info.mutable_data() = network.is_job && !arguments.Has("preprocessing")
                                            ? network.job.data()
                                            : PreprocessingOf(network.job.model(), convention);
  ASSIGN_OR_RETURN(const Imported imported,
                   han2016 ? FromHan2016(path, std::move(target), out)
                           : FromSafetensors(path, arguments.Get("names"), std::move(target), out));
  return Write(arguments, imported, out);
}

}  // namespace

Verb ImportVerb() {
  Verb verb;
  verb.name = "import";
  verb.arguments = "FILE";
  verb.summary = "Reads a network that another program trained or compressed.";
  verb.details =
      "han2016 is the format in which the authors of Deep Compression publish networks (compressed_SqueezeNet.net): "
      "the\n"
      "bytes of FILE are accounted for, layer by layer. safetensors is a network from PyTorch: its names are told, "
      "each\n"
      "with ours, in the form that --names takes. Without --output and --weights nothing is written.";
  verb.flags = {
      {"format", "FORMAT", "han2016 or safetensors"},
      {"model", "MODEL", "the network: a model or a job, or the name of a shipped one"},
      {"names", "TABLE", "a line THEIRS OURS for each tensor or layer whose name does not tell; OURS may be -"},
      {"output", "FILE", "the package to write (model.esp)"},
      {"weights", "FILE", "writes all weights to a safetensors file, from which a job can go on"},
      {"preprocessing", "NAME", "how pictures are prepared: caffe (of han2016) or torchvision (of safetensors)"},
      {"set", "PATH=VALUE", "overrides a field of the model, as in `trainer --set`; may be repeated"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Import;
  return verb;
}

}  // namespace espalier
