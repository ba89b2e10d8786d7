// Named tensors in the safetensors format, which Python reads with `safetensors.numpy.load_file` or `.torch.load_file`.
//
//   file   = length header data
//   length = bytes of the header: 8 bytes, little-endian
//   header = a JSON object, then spaces: for each tensor NAME: {"dtype": D, "shape": [dims...], "data_offsets": [begin,
//            end]}, offsets counted from the start of the data; "__metadata__", if present, maps strings to strings
//   data   = the tensors' elements, row-major and little-endian; their ranges tile it without hole or overlap
//
// Dtypes: F32 F16 BF16 I32 I8 U8; tensors of the format's others (I64, F64, ...) are seen by readers, and passed over.
// The format has no checksum: who needs one puts it around.
#ifndef ESPALIER_CORE_FILES_SAFETENSORS_H_
#define ESPALIER_CORE_FILES_SAFETENSORS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "core/tensor.h"

namespace espalier {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// Appends a whole safetensors file to `file`, straight from the tensors' storage. The bytes depend on names, values and
// metadata alone, not on the order of `tensors`: wide elements first, then by name, so that every tensor is aligned to
// its element (and the data to 64 bytes). InvalidArgument if a name repeats, is "__metadata__" or is not UTF-8.
absl::Status WriteSafetensors(absl::Span<const NamedTensor> tensors, const std::map<std::string, std::string>& metadata,
                              WritableFile* file);

class SafetensorsReader {
 public:
  struct Entry {
    std::string name;
    DType dtype = DType::kF32;
    std::string foreign_dtype;  // "I64": a type that no Tensor has, so this one cannot be read; `dtype` means nothing
    Shape shape;
    uint64_t begin = 0;  // byte range in the file
    uint64_t end = 0;
  };

  // Reads and proves the header; DataLoss, naming path and cause, if anything in it is wrong. A header of more than 100
  // MB is refused, as by the format's other readers.
  static absl::StatusOr<SafetensorsReader> Open(std::unique_ptr<ReadableFile> file);

  const std::vector<Entry>& entries() const { return entries_; }  // in the order of their data
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  const std::string& path() const { return file_->path(); }

  // Reads one tensor's elements into `tensor`, whose dtype and shape must be the entry's.
  absl::Status Read(const Entry& entry, const Tensor& tensor) const;
  // Fills all of `tensors`. If names, dtypes and shapes are not exactly the file's: InvalidArgument that lists every
  // missing, unexpected and differing one, and nothing is written.
  absl::Status ReadAll(absl::Span<const NamedTensor> tensors) const;

 private:
  SafetensorsReader() = default;
  absl::Status ParseHeader(absl::string_view header);
  absl::Status CheckTiling(uint64_t data_begin) const;

  std::unique_ptr<ReadableFile> file_;
  std::vector<Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_SAFETENSORS_H_
