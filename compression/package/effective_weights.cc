#include "compression/package/effective_weights.h"

#include <memory>
#include <utility>
#include <vector>

#include "core/files/checksummed_file.h"
#include "core/files/safetensors.h"
#include "core/status.h"

namespace espalier {
namespace {

// The size of the file, which is durable if its name is.
absl::StatusOr<uint64_t> WriteDurably(FileSystem* files, const std::string& path,
                                      absl::Span<const NamedTensor> tensors) {
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> opened, files->OpenForWriting(path));
  ChecksummedFile file(std::move(opened));
  RETURN_IF_ERROR(WriteSafetensors(tensors, {{"format", "pt"}}, &file));
  RETURN_IF_ERROR(file.Sync());
  RETURN_IF_ERROR(file.Close());
  return file.bytes();
}

}  // namespace

absl::StatusOr<uint64_t> WriteEffectiveWeights(FileSystem* files, const std::string& path, const Package& package) {
  std::vector<NamedTensor> tensors;
  for (const PackedTensor& packed : package.tensors) {
    tensors.push_back({packed.name, Tensor(DType::kF32, packed.shape)});
    EffectiveValues(packed, tensors.back().tensor.data<float>());
  }
  const std::string temporary = path + ".tmp";
  const absl::StatusOr<uint64_t> bytes = WriteDurably(files, temporary, tensors);
  absl::Status written = bytes.status();
  if (written.ok()) written = files->Rename(temporary, path);
  if (!written.ok()) {
    files->RemoveFile(temporary).IgnoreError();
    return written;
  }
  RETURN_IF_ERROR(files->SyncDirectory(ParentDirectory(path)));
  return *bytes;
}

}  // namespace espalier
