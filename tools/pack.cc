#include "tools/pack.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compression/package/ledger.h"
#include "compression/package/make_package.h"
#include "compression/package/package_file.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"
#include "tools/evaluate.h"
#include "tools/package_report.h"
#include "tools/trained_network.h"

namespace espalier {
namespace {

absl::StatusOr<DType> FloatType(const Arguments& arguments, const char* flag) {
  const std::string name = arguments.Get(flag, "f32");
  for (DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    if (name == Name(dtype)) return dtype;
  }
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": expected f32, f16 or bf16, found \"", name, "\""));
}

absl::Status Pack(const Arguments& arguments, std::ostream& out) {
  PackOptions options;
  MakePackageOptions make;
  ASSIGN_OR_RETURN(options.index_bits, arguments.GetInteger("index_bits", 0, 2, 8));
  ASSIGN_OR_RETURN(make.shared_values, FloatType(arguments, "codebook"));
  ASSIGN_OR_RETURN(make.small_tensors, FloatType(arguments, "biases"));
  options.huffman = !arguments.Has("raw");
  make.fold_batch_norm = !arguments.Has("keep_batch_norm");
  const std::string output = arguments.Get("output", "model.esp");
  const std::string csv = JoinPath(absl::StrContains(output, '/') ? ParentDirectory(output) : "", "ledger.csv");
  if (output == csv) {
    return absl::InvalidArgumentError(
        absl::StrCat("--output: expected another file than ledger.csv, which is written beside it, found ", output));
  }
  FileSystem* files = FileSystem::Posix();
  const std::string& path = arguments.positional()[0];
  ASSIGN_OR_RETURN(TrainedNetwork network, LoadTrainedNetwork(files, path, arguments.Has("best")));
  ASSIGN_OR_RETURN(Package package, MakePackage(network.info, network.tensors, make));
  if (arguments.Has("data_dir")) {
    ASSIGN_OR_RETURN(const TopCounts counts, EvaluateWithProgress(package, DataDirectory(arguments)));
    package.info.set_top1(static_cast<float>(counts.top1) / static_cast<float>(counts.samples));
    out << DescribeCounts(counts) << "\n\n";
  }
  ASSIGN_OR_RETURN(const std::string bytes, EncodePackage(package, options));
  ASSIGN_OR_RETURN(const PackageLedger ledger, ExplainPackage(bytes));
  RETURN_IF_ERROR(WriteFileAtomically(files, output, bytes));
  RETURN_IF_ERROR(WriteFileAtomically(files, csv, LedgerCsv(ledger)));
  out << PackageTable(ledger) << "\n"
      << output << " (step " << FormatCount(network.step) << "): " << PackageSize(ledger) << "\n"
      << "bytes: " << PackageBytes(ledger) << "\n"
      << "by tensor: " << csv << "\n";
  return absl::OkStatus();
}

}  // namespace

Verb PackVerb() {
  Verb verb;
  verb.name = "pack";
  verb.arguments = "CHECKPOINT_OR_OUTPUT_DIR";
  verb.summary = "Packs a run's weights into a file as small as what they hold, and accounts for every byte.";
  verb.details =
      "Takes the newest checkpoint of an output directory. Weights that share values (share_weights) are stored as\n"
      "codes, pruned ones not at all; everything comes back with the same bits. P+Q in the table is the size without\n"
      "Huffman codes, P+Q+H the file's. ledger.csv, beside the package, has every byte by tensor and purpose.";
  verb.flags = {{"output", "FILE", "the package; model.esp by default"},
                {"best", "", "the best checkpoint by validation top-1 instead of the newest"},
                {"index_bits", "N", "bits of the relative indices, 2 to 8, instead of the smallest for each tensor"},
                {"raw", "", "no Huffman codes"},
                {"codebook", "TYPE", "rounds shared values to f16 or bf16"},
                {"biases", "TYPE", "rounds biases and norm parameters that share nothing to f16 or bf16"},
                {"keep_batch_norm", "", "leaves batch norms as they are, with their four vectors"},
                {"data_dir", "DIR", "measures top-1 on the job's validation samples below DIR and notes it"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Pack;
  return verb;
}

}  // namespace espalier
