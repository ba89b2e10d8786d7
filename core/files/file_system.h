// Files behind an interface, so that tests can fail any operation and simulate a loss of power (see
// testing/faulty_file_system.h). Every error names the operation, the path and the system's reason; its code follows
// errno (NotFound, PermissionDenied, ResourceExhausted for a full disk, ...).
//
// Durability follows POSIX: bytes survive a loss of power once their file was synced, and a name (a creation, rename or
// removal) once its directory was.
#ifndef ESPALIER_CORE_FILES_FILE_SYSTEM_H_
#define ESPALIER_CORE_FILES_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/status.h"

namespace espalier {

// A file open for writing at its end. The destructor closes and drops errors: call Close() where they matter.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Hands all of `bytes` to the system before it returns: there is no buffer of our own that a Sync could miss.
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // Returns once all appended bytes are on the disk. After an error the file's content is unknown, and a second Sync
  // that succeeds proves nothing (the kernel may have dropped the failed pages): write the file anew.
  virtual absl::Status Sync() = 0;
  virtual absl::Status Close() = 0;
};

// A file open for reading at any position.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Bytes of the file when it was opened.
  virtual uint64_t size() const = 0;
  // Reads bytes [offset, offset + size) into `out`; DataLoss if the file ends before.
  virtual absl::Status Read(uint64_t offset, size_t size, char* out) const = 0;
  virtual const std::string& path() const = 0;
};

// Held while it lives. The system lets go when the process ends, however it ends.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;  // a symbolic link is not followed, so it is not a directory
};

struct FileInfo {
  bool is_directory = false;
  uint64_t bytes = 0;  // of a file
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The system's own; lives for ever.
  static FileSystem* Posix();

  // Creates the file (mode 0666 less the umask) or empties it.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path) = 0;
  // Creates the file or continues at its end.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenForAppending(const std::string& path) = 0;
  virtual absl::StatusOr<std::unique_ptr<ReadableFile>> OpenForReading(const std::string& path) = 0;

  // Follows symbolic links.
  virtual absl::StatusOr<FileInfo> Stat(const std::string& path) = 0;
  bool Exists(const std::string& path) { return Stat(path).ok(); }
  // Cuts the file to its first `size` bytes (a resumed run drops the log lines written after its checkpoint).
  virtual absl::Status Truncate(const std::string& path, uint64_t size) = 0;
  // Atomic. Replaces a file or an empty directory at `to`; fails on a directory with content.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status RemoveFile(const std::string& path) = 0;
  virtual absl::Status RemoveDirectory(const std::string& path) = 0;  // must be empty
  // One directory, its parent existing; AlreadyExists if there is something at `path`.
  virtual absl::Status CreateDirectory(const std::string& path) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // Sorted by name, without "." and "..".
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) = 0;

  // Claims an existing directory for this process; FailedPrecondition if another (or this) one holds it. Advisory:
  // flock on the file `.lock` inside, which stays behind.
  virtual absl::StatusOr<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& path) = 0;
};

// What follows is built on the interface, so that injected faults reach every step.

// "dir/name"; `name` alone when `directory` is empty.
std::string JoinPath(const std::string& directory, const std::string& name);
// "out" for "out/model.esp"; "." for a name alone, "/" below the root.
std::string ParentDirectory(absl::string_view path);

// The error of a system call: "cannot OPERATION PATH: REASON".
absl::Status SystemError(const std::string& operation, const std::string& path, int error_number);

// The directory and those above it, as far as missing. The path is durable on return, even if it was there before.
absl::Status CreateDirectories(FileSystem* files, const std::string& path);
// A file, or a directory and all below it; nothing at `path` is success.
absl::Status RemoveTree(FileSystem* files, const std::string& path);
// All of a file; ResourceExhausted, before anything is allocated, if it is longer than `maximum_bytes`.
absl::StatusOr<std::string> ReadFile(FileSystem* files, const std::string& path, uint64_t maximum_bytes);
// After a crash at any moment `path` holds its former or the new content, whole; after success the new one is durable.
absl::Status WriteFileAtomically(FileSystem* files, const std::string& path, absl::string_view bytes);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_FILE_SYSTEM_H_
