#include "compression/package/effective_weights.h"

#include <memory>
#include <utility>
#include <vector>

#include "core/files/checksummed_file.h"
#include "core/files/safetensors.h"
#include "core/status.h"

namespace espalier {

absl::StatusOr<uint64_t> WriteEffectiveWeights(FileSystem* files, const std::string& path, const Package& package) {
  std::vector<NamedTensor> tensors;
  for (const PackedTensor& packed : package.tensors) {
    tensors.push_back({packed.name, Tensor(DType::kF32, packed.shape)});
    EffectiveValues(packed, tensors.back().tensor.data<float>());
  }
  const std::string temporary = path + ".tmp";
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> opened, files->OpenForWriting(temporary));
  ChecksummedFile file(std::move(opened));
  RETURN_IF_ERROR(WriteSafetensors(tensors, {}, &file));
  RETURN_IF_ERROR(file.Sync());
  RETURN_IF_ERROR(file.Close());
  RETURN_IF_ERROR(files->Rename(temporary, path));
  RETURN_IF_ERROR(files->SyncDirectory(ParentDirectory(path)));
  return file.bytes();
}

}  // namespace espalier
