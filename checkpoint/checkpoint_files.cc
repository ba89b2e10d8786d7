#include "checkpoint/checkpoint_files.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/files/checksummed_file.h"
#include "core/files/crc32c.h"

namespace espalier {
namespace {

constexpr char kWeightsFile[] = "weights.safetensors";
constexpr char kOptimizerFile[] = "optimizer.safetensors";
constexpr char kTransformsFile[] = "transforms.safetensors";
constexpr char kStateFile[] = "state.pbtxt";
constexpr uint64_t kMaximumStateBytes = 64 << 20;

std::string ChecksumLine(absl::string_view text) { return absl::StrFormat("# crc32c %08x\n", Crc32c(text)); }

// Writes, syncs and closes one file of tensors, and adds it to the manifest.
absl::Status WriteTensors(FileSystem* files, const std::string& directory, const std::string& name,
                          const std::vector<NamedTensor>& tensors, CheckpointState* state) {
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files->OpenForWriting(JoinPath(directory, name)));
  ChecksummedFile checksummed(std::move(file));
  RETURN_IF_ERROR(WriteSafetensors(tensors, {{"format", "pt"}}, &checksummed));
  RETURN_IF_ERROR(checksummed.Sync());
  RETURN_IF_ERROR(checksummed.Close());
  CheckpointFile* record = state->add_file();
  record->set_name(name);
  record->set_bytes(checksummed.bytes());
  record->set_crc32c(checksummed.crc32c());
  return absl::OkStatus();
}

absl::Status WriteState(FileSystem* files, const std::string& directory, const CheckpointState& state) {
  std::string text;
  CHECK(google::protobuf::TextFormat::PrintToString(state, &text));
  text.insert(0, "# A training checkpoint. The last line is the CRC-32C of all bytes before it.\n");
  text += ChecksumLine(text);
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files->OpenForWriting(JoinPath(directory, kStateFile)));
  RETURN_IF_ERROR(file->Append(text));
  RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

// Keeps the first error, instead of printing all.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Opens a file of the manifest, its size and checksum proven.
absl::StatusOr<SafetensorsReader> OpenTensors(FileSystem* files, const std::string& directory, const std::string& name,
                                              const CheckpointState& state) {
  for (const CheckpointFile& record : state.file()) {
    if (record.name() != name) continue;
    ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, files->OpenForReading(JoinPath(directory, name)));
    RETURN_IF_ERROR(VerifyFile(*file, record.bytes(), record.crc32c()));
    return SafetensorsReader::Open(std::move(file));
  }
  return absl::DataLossError(absl::StrCat(JoinPath(directory, kStateFile), ": does not list ", name));
}

}  // namespace

absl::Status Checkpoint::ReadTransforms(absl::Span<const NamedTensor> tensors) const {
  if (transforms_) return transforms_->ReadAll(tensors);
  if (tensors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the checkpoint of step ", step(), " has no ", kTransformsFile,
                                                 "; expected one with ", tensors[0].name));
}

absl::Status WriteCheckpoint(FileSystem* files, const std::string& directory, const TrainingState& training) {
  CheckpointState state = training.state;
  state.clear_file();
  RETURN_IF_ERROR(WriteTensors(files, directory, kWeightsFile, training.weights, &state));
  RETURN_IF_ERROR(WriteTensors(files, directory, kOptimizerFile, training.optimizer, &state));
  if (!training.transforms.empty()) {
    RETURN_IF_ERROR(WriteTensors(files, directory, kTransformsFile, training.transforms, &state));
  }
  RETURN_IF_ERROR(WriteState(files, directory, state));
  return files->SyncDirectory(directory);
}

absl::StatusOr<CheckpointState> ReadCheckpointState(FileSystem* files, const std::string& directory) {
  const std::string path = JoinPath(directory, kStateFile);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(files, path, kMaximumStateBytes));
  const size_t line_bytes = ChecksumLine("").size();
  const std::string text = bytes.substr(0, bytes.size() - std::min(bytes.size(), line_bytes));
  if (bytes.substr(text.size()) != ChecksumLine(text)) {
    return absl::DataLossError(absl::StrCat(path, ": does not end in its checksum: it is torn or its bytes changed"));
  }
  CheckpointState state;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(10);
  if (!parser.ParseFromString(text, &state)) {
    return absl::DataLossError(absl::StrCat(path, ":", error.text(), " (written by another version?)"));
  }
  return state;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(FileSystem* files, const std::string& directory) {
  ASSIGN_OR_RETURN(CheckpointState state, ReadCheckpointState(files, directory));
  ASSIGN_OR_RETURN(SafetensorsReader weights, OpenTensors(files, directory, kWeightsFile, state));
  ASSIGN_OR_RETURN(SafetensorsReader optimizer, OpenTensors(files, directory, kOptimizerFile, state));
  std::optional<SafetensorsReader> transforms;
  if (std::any_of(state.file().begin(), state.file().end(),
                  [](const CheckpointFile& record) { return record.name() == kTransformsFile; })) {
    ASSIGN_OR_RETURN(transforms, OpenTensors(files, directory, kTransformsFile, state));
  }
  return Checkpoint(std::move(state), std::move(weights), std::move(optimizer), std::move(transforms));
}

}  // namespace espalier
