#include "core/files/file_system.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace espalier {

std::string JoinPath(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  return absl::StrCat(directory, directory.back() == '/' ? "" : "/", name);
}

std::string ParentDirectory(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

absl::Status SystemError(const std::string& operation, const std::string& path, int error_number) {
  return absl::Status(absl::ErrnoToStatusCode(error_number),
                      absl::StrCat("cannot ", operation, " ", path, ": ", std::strerror(error_number)));
}

namespace {

// Makes the names on the way to `path` durable, as far up as they can be this process's work.
absl::Status SyncNamesAbove(FileSystem* files, std::string path) {
  for (std::string parent = ParentDirectory(path); parent != path; parent = ParentDirectory(path)) {
    const absl::Status synced = files->SyncDirectory(parent);
    if (absl::IsPermissionDenied(synced)) return absl::OkStatus();  // somebody else's
    RETURN_IF_ERROR(synced);
    path = parent;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CreateDirectories(FileSystem* files, const std::string& path) {
  const absl::Status created = files->CreateDirectory(path);
  if (absl::IsAlreadyExists(created)) {
    const absl::StatusOr<FileInfo> info = files->Stat(path);
    if (!info.ok() || !info->is_directory) return created;
    return SyncNamesAbove(files, path);  // whoever made it may have been stopped before this
  }
  const std::string parent = ParentDirectory(path);
  if (!absl::IsNotFound(created) || parent == path) {
    RETURN_IF_ERROR(created);
    return SyncNamesAbove(files, path);
  }
  RETURN_IF_ERROR(CreateDirectories(files, parent));
  RETURN_IF_ERROR(files->CreateDirectory(path));
  return files->SyncDirectory(parent);
}

namespace {

absl::Status RemoveDirectoryTree(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files->List(path));
  for (const DirectoryEntry& entry : entries) {
    const std::string child = JoinPath(path, entry.name);
    RETURN_IF_ERROR(entry.is_directory ? RemoveDirectoryTree(files, child) : files->RemoveFile(child));
  }
  return files->RemoveDirectory(path);
}

absl::Status WriteDurably(FileSystem* files, const std::string& path, absl::string_view bytes) {
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files->OpenForWriting(path));
  RETURN_IF_ERROR(file->Append(bytes));
  RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

}  // namespace

absl::Status RemoveTree(FileSystem* files, const std::string& path) {
  const absl::Status removed = files->RemoveFile(path);  // first, since it does not follow a symbolic link
  if (removed.ok() || absl::IsNotFound(removed)) return absl::OkStatus();
  const absl::StatusOr<FileInfo> info = files->Stat(path);
  return info.ok() && info->is_directory ? RemoveDirectoryTree(files, path) : removed;
}

absl::StatusOr<std::string> ReadFile(FileSystem* files, const std::string& path, uint64_t maximum_bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, files->OpenForReading(path));
  if (file->size() > maximum_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, ": has ", file->size(), " bytes, expected at most ", maximum_bytes));
  }
  std::string bytes(file->size(), '\0');
  RETURN_IF_ERROR(file->Read(0, bytes.size(), bytes.data()));
  return bytes;
}

absl::Status WriteFileAtomically(FileSystem* files, const std::string& path, absl::string_view bytes) {
  const std::string temporary = path + ".tmp";  // beside the target: a rename across file systems would be a copy
  absl::Status written = WriteDurably(files, temporary, bytes);
  if (written.ok()) written = files->Rename(temporary, path);
  if (!written.ok()) {
    files->RemoveFile(temporary).IgnoreError();
    return written;
  }
  return files->SyncDirectory(ParentDirectory(path));
}

}  // namespace espalier
