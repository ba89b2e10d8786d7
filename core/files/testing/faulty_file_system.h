// A file system in memory that fails on demand and forgets what was not synced when it loses power: the means to prove
// that a protocol on files survives every fault (the method of SQLite's and LevelDB's fault-injection tests).
//
//   FaultyFileSystem files;
//   for (int n = 1;; ++n) {
//     files.FailNth(FileOperation::kWrite, n, {ENOSPC});
//     const absl::Status status = Protocol(&files);
//     const bool faulted = files.faulted();
//     files.ClearFaults();
//     files.LosePower(Survival::kSyncedOnly);
//     ... the old or the new state must be found here, the new one if `status` is ok ...
//     if (!faulted) break;
//   }
#ifndef ESPALIER_CORE_FILES_TESTING_FAULTY_FILE_SYSTEM_H_
#define ESPALIER_CORE_FILES_TESTING_FAULTY_FILE_SYSTEM_H_

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/files/file_system.h"

namespace espalier {

enum class FileOperation {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kClose,
  kStat,
  kTruncate,
  kRename,
  kRemove,  // files and directories
  kCreateDirectory,
  kSyncDirectory,
  kList,
};
inline constexpr FileOperation kAllFileOperations[] = {
    FileOperation::kOpen,   FileOperation::kRead, FileOperation::kWrite,           FileOperation::kSync,
    FileOperation::kClose,  FileOperation::kStat, FileOperation::kTruncate,        FileOperation::kRename,
    FileOperation::kRemove, FileOperation::kList, FileOperation::kCreateDirectory, FileOperation::kSyncDirectory,
};
// "write".
std::string Name(FileOperation operation);

struct Fault {
  int error = EIO;              // errno; 0: the operation does nothing but claims success, as a lying disk does
  uint64_t arriving_bytes = 0;  // of a write: the first bytes of it, which still reach the file (short, torn)
  bool lasting = false;         // all later operations of the kind fail, too
};

// What a loss of power leaves of what was not synced.
enum class Survival {
  kSyncedOnly,  // nothing
  kNames,       // every name but no byte: renamed files are empty, as on file systems that delay allocation
  kRandom,      // of each directory's changes the first few; of each file some pieces, others old or zero
};

class FaultyFileSystem : public FileSystem {
 public:
  FaultyFileSystem();
  ~FaultyFileSystem() override;

  // The `n`-th operation of the kind from now on (1: the next) meets the fault.
  void FailNth(FileOperation operation, int n, Fault fault = {});
  // The `n`-th operation of any kind from now on and all after it fail: the process was killed there.
  void KillAt(int n);
  void ClearFaults();
  // Whether a fault has struck since it was set.
  bool faulted() const;

  // Locks are freed; files that were open must not be used any more.
  void LosePower(Survival survival, uint64_t seed = 0);
  // Bit `bit` % 8 of byte `bit` / 8 of the file, on the disk.
  void FlipBit(const std::string& path, uint64_t bit);
  // A second file system with the same content, all of it synced, and without faults.
  std::unique_ptr<FaultyFileSystem> Copy() const;

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForAppending(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenForReading(const std::string& path) override;
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t size) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& path) override;

 private:
  struct Node;
  class Faults;
  class MemoryWritableFile;
  class MemoryReadableFile;
  class MemoryLock;

  std::shared_ptr<Node> Find(const std::string& path) const;
  // The directory that holds (or would hold) `path`'s last name; null if there is none.
  std::shared_ptr<Node> FindParent(const std::string& path) const;
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenFile(const std::string& path, bool empty_it);
  absl::Status Remove(const std::string& path, bool directory);

  std::shared_ptr<Node> root_;
  std::shared_ptr<Faults> faults_;
  std::shared_ptr<std::set<std::string>> locks_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_TESTING_FAULTY_FILE_SYSTEM_H_
