// Sizes and checksums of files as they are written, and as they are read again.
#ifndef ESPALIER_CORE_FILES_CHECKSUMMED_FILE_H_
#define ESPALIER_CORE_FILES_CHECKSUMMED_FILE_H_

#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/files/file_system.h"

namespace espalier {

// Passes everything to another file, and keeps the count and the CRC-32C of the bytes. Large pieces go in parts that
// fit the cache, so that memory is read once.
class ChecksummedFile : public WritableFile {
 public:
  explicit ChecksummedFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  absl::Status Append(absl::string_view bytes) override;
  absl::Status Sync() override { return file_->Sync(); }
  absl::Status Close() override { return file_->Close(); }

  uint64_t bytes() const { return bytes_; }
  uint32_t crc32c() const { return crc32c_; }

 private:
  const std::unique_ptr<WritableFile> file_;
  uint64_t bytes_ = 0;
  uint32_t crc32c_ = 0;
};

// DataLoss, naming path, expected and found, unless the file has this size and checksum.
absl::Status VerifyFile(const ReadableFile& file, uint64_t bytes, uint32_t crc32c);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_CHECKSUMMED_FILE_H_
