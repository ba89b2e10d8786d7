#include "trainer/initial_weights.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/check_finite.h"
#include "core/files/safetensors.h"
#include "core/status.h"
#include "trainer/exit_code.h"

namespace espalier {
namespace {

constexpr char kField[] = "initial_weights";

// As given, else beside the job's file.
std::string Find(FileSystem* files, const JobDocument& document) {
  const std::string& path = document.job.initial_weights();
  const std::string beside = JoinPath(ParentDirectory(document.path), path);
  return path.front() != '/' && !files->Exists(path) && files->Exists(beside) ? beside : path;
}

absl::Status Read(FileSystem* files, const std::string& path, ParameterStore* store) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, files->OpenForReading(path));
  ASSIGN_OR_RETURN(const SafetensorsReader reader, SafetensorsReader::Open(std::move(file)));
  std::vector<NamedTensor> tensors;
  for (int i = 0; i < store->layout().size(); ++i) tensors.push_back({store->layout()[i].name, store->weight(i)});
  for (const auto& [name, tensor] : store->states()) tensors.push_back({name, tensor});
  RETURN_IF_ERROR(reader.ReadAll(tensors));
  for (const NamedTensor& named : tensors) {
    RETURN_IF_ERROR(CheckFinite(absl::StrCat(path, ": ", named.name), named.tensor));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadInitialWeights(FileSystem* files, PreparedJob* job) {
  const JobDocument& document = job->document;
  if (!document.job.has_initial_weights()) return absl::OkStatus();
  const absl::Status status = document.job.initial_weights().empty()
                                  ? absl::InvalidArgumentError("expected a file, found an empty name")
                                  : Read(files, Find(files, document), &job->network->parameters());
  if (status.ok()) return status;
  return BadInput(
      absl::Status(status.code(), absl::StrCat(document.sources.Cite(kField), ": ", kField, ": ", status.message())));
}

}  // namespace espalier
