// A file that grows by whole records: a record arrives all or not at all, after a failed write too.
#ifndef ESPALIER_TRAINER_LOG_FILE_H_
#define ESPALIER_TRAINER_LOG_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/files/file_system.h"

namespace espalier {

class LogFile {
 public:
  // An empty file; what stood there before is lost.
  static absl::StatusOr<LogFile> Create(FileSystem* files, const std::string& path);
  // Continues a file of `size` bytes, or a new one where size is 0.
  static absl::StatusOr<LogFile> Continue(FileSystem* files, const std::string& path, uint64_t size);

  // Hands the record to the system in one call. After an error (a full disk, say) the next call first removes what
  // arrived of the failed record.
  absl::Status Append(absl::string_view record);
  // Returns once all records are on the disk.
  absl::Status Sync();

 private:
  LogFile(FileSystem* files, const std::string& path, std::unique_ptr<WritableFile> file, uint64_t size)
      : files_(files), path_(path), file_(std::move(file)), size_(size) {}

  FileSystem* files_;
  std::string path_;
  std::unique_ptr<WritableFile> file_;
  uint64_t size_;  // of whole records
  bool torn_ = false;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_LOG_FILE_H_
