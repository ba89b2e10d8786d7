// The system's files.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/files/file_system.h"
#include "core/host_name.h"

namespace espalier {
namespace {

// Repeats a system call that a signal interrupted.
template <typename Call>
auto RetryInterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.Release()) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  int Release() noexcept {
    const int number = number_;
    number_ = -1;
    return number;
  }

 private:
  int number_;
};

absl::StatusOr<Descriptor> Open(const std::string& path, int flags, const std::string& operation) {
  Descriptor descriptor(RetryInterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); }));
  if (descriptor.get() < 0) return SystemError(operation, path, errno);
  return descriptor;
}

class PosixWritableFile : public WritableFile {
 public:
  PosixWritableFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  absl::Status Append(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = RetryInterrupted([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (written < 0) return SystemError("write", path_, errno);
      bytes.remove_prefix(written);  // short writes go on until an error says why
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (RetryInterrupted([&] { return ::fsync(descriptor_.get()); }) != 0) return SystemError("sync", path_, errno);
    return absl::OkStatus();
  }

  absl::Status Close() override {
    // Linux frees the descriptor even when close is interrupted, so it must not be repeated.
    if (::close(descriptor_.Release()) != 0 && errno != EINTR) return SystemError("close", path_, errno);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  Descriptor descriptor_;
};

class PosixReadableFile : public ReadableFile {
 public:
  PosixReadableFile(std::string path, Descriptor descriptor, uint64_t size)
      : path_(std::move(path)), descriptor_(std::move(descriptor)), size_(size) {}

  uint64_t size() const override { return size_; }
  const std::string& path() const override { return path_; }

  absl::Status Read(uint64_t offset, size_t size, char* out) const override {
    const uint64_t end = offset + size;
    while (size > 0) {
      const ssize_t got = RetryInterrupted([&] { return ::pread(descriptor_.get(), out, size, offset); });
      if (got < 0) return SystemError("read", path_, errno);
      if (got == 0) return absl::DataLossError(absl::StrCat(path_, ": ends at byte ", offset, ", expected ", end));
      out += got;
      offset += got;
      size -= got;
    }
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
  const uint64_t size_;
};

class PosixDirectoryLock : public DirectoryLock {
 public:
  explicit PosixDirectoryLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

class PosixFileSystem : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor descriptor, Open(path, O_WRONLY | O_CREAT | O_TRUNC, "create"));
    return std::make_unique<PosixWritableFile>(path, std::move(descriptor));
  }

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForAppending(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor descriptor, Open(path, O_WRONLY | O_CREAT | O_APPEND, "open for appending"));
    return std::make_unique<PosixWritableFile>(path, std::move(descriptor));
  }

  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenForReading(const std::string& path) override {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    ASSIGN_OR_RETURN(Descriptor descriptor, Open(path, O_RDONLY | O_NONBLOCK, "open"));
    struct stat info;
    if (::fstat(descriptor.get(), &info) != 0) return SystemError("stat", path, errno);
    if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, ": is not a regular file"));
    return std::make_unique<PosixReadableFile>(path, std::move(descriptor), info.st_size);
  }

  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return SystemError("stat", path, errno);
    return FileInfo{S_ISDIR(info.st_mode), static_cast<uint64_t>(info.st_size)};
  }

  absl::Status Truncate(const std::string& path, uint64_t size) override {
    return Checked(RetryInterrupted([&] { return ::truncate(path.c_str(), size); }), "truncate", path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    return Checked(std::rename(from.c_str(), to.c_str()), "rename", absl::StrCat(from, " to ", to));
  }

  absl::Status RemoveFile(const std::string& path) override { return Checked(::unlink(path.c_str()), "remove", path); }

  absl::Status RemoveDirectory(const std::string& path) override {
    return Checked(::rmdir(path.c_str()), "remove directory", path);
  }

  absl::Status CreateDirectory(const std::string& path) override {
    return Checked(::mkdir(path.c_str(), 0777), "create directory", path);
  }

  absl::Status SyncDirectory(const std::string& path) override {
    ASSIGN_OR_RETURN(const Descriptor descriptor, Open(path, O_RDONLY | O_DIRECTORY, "open directory"));
    const int result = RetryInterrupted([&] { return ::fsync(descriptor.get()); });
    if (result != 0 && errno == EINVAL) return absl::OkStatus();  // a file system that cannot sync directories
    return Checked(result, "sync directory", path);
  }

  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) return SystemError("list", path, errno);
    std::vector<DirectoryEntry> entries;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr && errno != 0) return SystemError("list", path, errno);
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info;  // d_type is not known on every file system
      if (::fstatat(::dirfd(directory.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // removed since
        return SystemError("stat", JoinPath(path, name), errno);
      }
      entries.push_back({name, S_ISDIR(info.st_mode)});
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  absl::StatusOr<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& path) override {
    const std::string lock_path = JoinPath(path, ".lock");
    ASSIGN_OR_RETURN(Descriptor descriptor, Open(lock_path, O_RDWR | O_CREAT, "open"));
    if (RetryInterrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) == 0) {
      WriteOwner(descriptor.get());
      return std::make_unique<PosixDirectoryLock>(std::move(descriptor));
    }
    if (errno != EWOULDBLOCK) return SystemError("lock", lock_path, errno);
    return absl::FailedPreconditionError(absl::StrCat(path, ": in use by ", ReadOwner(descriptor.get()),
                                                      "; wait until it ends or choose another directory"));
  }

 private:
  static absl::Status Checked(int result, const std::string& operation, const std::string& path) {
    return result == 0 ? absl::OkStatus() : SystemError(operation, path, errno);
  }

  // The owner is written for people; the lock holds without it, so errors do not matter.
  static void WriteOwner(int descriptor) {
    const std::string owner = absl::StrCat("process ", ::getpid(), " on ", HostName(""), "\n");
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, owner.data(), owner.size(), 0) < 0) return;
  }

  static std::string ReadOwner(int descriptor) {
    char owner[300];
    const ssize_t size = ::pread(descriptor, owner, sizeof owner, 0);
    const std::string text(owner, std::max<ssize_t>(size, 0));
    return text.empty() ? "another process" : text.substr(0, text.find('\n'));
  }
};

}  // namespace

FileSystem* FileSystem::Posix() {
  static FileSystem* const kPosix = new PosixFileSystem;
  return kPosix;
}

}  // namespace espalier
