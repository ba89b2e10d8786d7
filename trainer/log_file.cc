#include "trainer/log_file.h"

namespace espalier {

absl::StatusOr<LogFile> LogFile::Create(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(auto file, files->OpenForWriting(path));
  RETURN_IF_ERROR(files->SyncDirectory(ParentDirectory(path)));
  return LogFile(files, path, std::move(file), 0);
}

absl::StatusOr<LogFile> LogFile::Continue(FileSystem* files, const std::string& path, uint64_t size) {
  ASSIGN_OR_RETURN(auto file, files->OpenForAppending(path));
  RETURN_IF_ERROR(files->SyncDirectory(ParentDirectory(path)));
  return LogFile(files, path, std::move(file), size);
}

absl::Status LogFile::Append(absl::string_view record) {
  if (torn_) {
    RETURN_IF_ERROR(files_->Truncate(path_, size_));
    ASSIGN_OR_RETURN(file_, files_->OpenForAppending(path_));
  }
  torn_ = true;
  RETURN_IF_ERROR(file_->Append(record));
  torn_ = false;
  size_ += record.size();
  return absl::OkStatus();
}

absl::Status LogFile::Sync() { return file_->Sync(); }

}  // namespace espalier
