#include "core/files/testing/faulty_file_system.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/random.h"
#include "glog/logging.h"

namespace espalier {

std::string Name(FileOperation operation) {
  static constexpr const char* kNames[] = {"open",           "read",     "write",  "sync",   "close",
                                           "stat",           "truncate", "rename", "remove", "create directory",
                                           "sync directory", "list"};
  return kNames[static_cast<int>(operation)];
}

// A file or a directory: what a reader sees now, and what is on the disk.
struct FaultyFileSystem::Node {
  using Entries = std::map<std::string, std::shared_ptr<Node>>;

  bool is_directory = false;
  std::string bytes;
  std::string synced_bytes;
  // A directory's entries after each change since it was last synced, oldest first: the first is on the disk, the last
  // is what readers see.
  std::vector<Entries> history = {{}};

  const Entries& entries() const { return history.back(); }
  Entries* Change() {
    history.push_back(history.back());
    return &history.back();
  }
};

// Counts operations and decides which fail.
class FaultyFileSystem::Faults {
 public:
  void FailNth(FileOperation operation, int n, Fault fault) { planned_[operation] = {n, fault}; }
  void KillAt(int n) { until_kill_ = n; }
  void Clear() { *this = Faults(); }
  bool faulted() const { return faulted_; }

  // The fault that the next operation of this kind meets, if any.
  std::optional<Fault> Next(FileOperation operation) {
    if (until_kill_ > 0 && --until_kill_ == 0) killed_ = true;
    if (killed_) {
      faulted_ = true;
      return Fault{};
    }
    const auto planned = planned_.find(operation);
    if (planned == planned_.end()) return std::nullopt;
    auto& [until, fault] = planned->second;
    if (--until > 0 || (until < 0 && !fault.lasting)) return std::nullopt;
    faulted_ = true;
    return fault;
  }

 private:
  std::map<FileOperation, std::pair<int, Fault>> planned_;
  int until_kill_ = 0;
  bool killed_ = false;
  bool faulted_ = false;
};

// Leaves the enclosing function with an injected fault, or with success if the fault is to be kept secret.
#define RETURN_IF_FAULT(operation, path, secret_result)                                 \
  if (const std::optional<Fault> fault = faults_->Next(operation); fault.has_value()) { \
    if (fault->error != 0) return SystemError(Name(operation), path, fault->error);     \
    return secret_result;                                                               \
  }

class FaultyFileSystem::MemoryWritableFile : public WritableFile {
 public:
  MemoryWritableFile(std::string path, std::shared_ptr<Node> node, std::shared_ptr<Faults> faults)
      : path_(std::move(path)), node_(std::move(node)), faults_(std::move(faults)) {}

  absl::Status Append(absl::string_view bytes) override {
    const std::optional<Fault> fault = faults_->Next(FileOperation::kWrite);
    if (fault.has_value()) bytes = bytes.substr(0, fault->arriving_bytes);
    node_->bytes.append(bytes.data(), bytes.size());
    return fault.has_value() && fault->error != 0 ? SystemError("write", path_, fault->error) : absl::OkStatus();
  }
  absl::Status Sync() override {
    RETURN_IF_FAULT(FileOperation::kSync, path_, absl::OkStatus());
    node_->synced_bytes = node_->bytes;
    return absl::OkStatus();
  }
  absl::Status Close() override {
    RETURN_IF_FAULT(FileOperation::kClose, path_, absl::OkStatus());
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const std::shared_ptr<Node> node_;
  const std::shared_ptr<Faults> faults_;
};

class FaultyFileSystem::MemoryReadableFile : public ReadableFile {
 public:
  MemoryReadableFile(std::string path, std::shared_ptr<Node> node, std::shared_ptr<Faults> faults)
      : path_(std::move(path)), node_(std::move(node)), faults_(std::move(faults)), size_(node_->bytes.size()) {}

  uint64_t size() const override { return size_; }
  const std::string& path() const override { return path_; }
  absl::Status Read(uint64_t offset, size_t size, char* out) const override {
    RETURN_IF_FAULT(FileOperation::kRead, path_, absl::OkStatus());
    if (offset > node_->bytes.size() || size > node_->bytes.size() - offset) {
      return absl::DataLossError(
          absl::StrCat(path_, ": ends at byte ", node_->bytes.size(), ", expected ", offset + size));
    }
    std::copy_n(node_->bytes.data() + offset, size, out);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const std::shared_ptr<Node> node_;
  const std::shared_ptr<Faults> faults_;
  const uint64_t size_;
};

class FaultyFileSystem::MemoryLock : public DirectoryLock {
 public:
  MemoryLock(std::string path, std::shared_ptr<std::set<std::string>> locks)
      : path_(std::move(path)), locks_(std::move(locks)) {}
  ~MemoryLock() override { locks_->erase(path_); }

 private:
  const std::string path_;
  const std::shared_ptr<std::set<std::string>> locks_;
};

FaultyFileSystem::FaultyFileSystem()
    : root_(std::make_shared<Node>()),
      faults_(std::make_shared<Faults>()),
      locks_(std::make_shared<std::set<std::string>>()) {
  root_->is_directory = true;
}
FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::FailNth(FileOperation operation, int n, Fault fault) { faults_->FailNth(operation, n, fault); }
void FaultyFileSystem::KillAt(int n) { faults_->KillAt(n); }
void FaultyFileSystem::ClearFaults() { faults_->Clear(); }
bool FaultyFileSystem::faulted() const { return faults_->faulted(); }

namespace {

// Pieces of `changed` between what is on the disk and zeros, under a length between what both begin with (what was
// synced before an append stays) and all.
std::string Torn(const std::string& synced, const std::string& changed, Random* random) {
  constexpr size_t kPiece = 64;  // smaller than any disk's sector, so that small files tear too
  const size_t most = std::max(synced.size(), changed.size());
  size_t least = 0;
  while (least < std::min(synced.size(), changed.size()) && synced[least] == changed[least]) ++least;
  std::string torn(least + random->Below(static_cast<uint32_t>(most - least) + 1), '\0');
  for (size_t begin = 0; begin < torn.size(); begin += kPiece) {
    const std::string& source = random->NextBits() % 2 == 0 ? synced : changed;
    for (size_t i = begin; i < std::min({begin + kPiece, torn.size(), source.size()}); ++i) torn[i] = source[i];
  }
  return torn;
}

}  // namespace

void FaultyFileSystem::LosePower(Survival survival, uint64_t seed) {
  Random random(seed, "power loss", 0, 0);
  std::set<Node*> seen;
  std::vector<Node*> pending = {root_.get()};
  while (!pending.empty()) {
    Node* node = pending.back();
    pending.pop_back();
    if (!seen.insert(node).second) continue;
    if (!node->is_directory) {
      const bool torn = survival == Survival::kRandom && node->bytes != node->synced_bytes;
      node->bytes = torn ? Torn(node->synced_bytes, node->bytes, &random) : node->synced_bytes;
      node->synced_bytes = node->bytes;
      continue;
    }
    size_t kept = 0;
    if (survival == Survival::kNames) kept = node->history.size() - 1;
    if (survival == Survival::kRandom) kept = random.Below(static_cast<uint32_t>(node->history.size()));
    const Node::Entries entries = node->history[kept];
    node->history = {entries};
    for (const auto& [name, child] : entries) pending.push_back(child.get());
  }
  locks_->clear();
}

void FaultyFileSystem::FlipBit(const std::string& path, uint64_t bit) {
  const std::shared_ptr<Node> node = Find(path);
  CHECK(node != nullptr && bit / 8 < node->bytes.size()) << path;
  node->bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
  node->synced_bytes = node->bytes;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::Copy() const {
  auto copy = std::make_unique<FaultyFileSystem>();
  std::vector<std::pair<const Node*, Node*>> pending = {{root_.get(), copy->root_.get()}};
  while (!pending.empty()) {
    const auto [from, to] = pending.back();
    pending.pop_back();
    to->is_directory = from->is_directory;
    to->bytes = to->synced_bytes = from->bytes;
    for (const auto& [name, child] : from->entries()) {
      const std::shared_ptr<Node>& twin = to->history.front()[name] = std::make_shared<Node>();
      pending.emplace_back(child.get(), twin.get());
    }
  }
  return copy;
}

namespace {

std::vector<std::string> Components(const std::string& path) {
  std::vector<std::string> names = absl::StrSplit(path, '/', absl::SkipEmpty());
  names.erase(std::remove(names.begin(), names.end(), "."), names.end());
  return names;
}

std::string LastName(const std::string& path) {
  const std::vector<std::string> names = Components(path);
  return names.empty() ? "" : names.back();
}

}  // namespace

std::shared_ptr<FaultyFileSystem::Node> FaultyFileSystem::Find(const std::string& path) const {
  std::shared_ptr<Node> node = root_;
  for (const std::string& name : Components(path)) {
    const auto child = node->entries().find(name);
    if (child == node->entries().end()) return nullptr;
    node = child->second;
  }
  return node;
}

std::shared_ptr<FaultyFileSystem::Node> FaultyFileSystem::FindParent(const std::string& path) const {
  std::shared_ptr<Node> parent = Find(ParentDirectory(path));
  return parent != nullptr && parent->is_directory ? parent : nullptr;
}

absl::StatusOr<std::unique_ptr<WritableFile>> FaultyFileSystem::OpenFile(const std::string& path, bool empty_it) {
  std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) {
    const std::shared_ptr<Node> parent = FindParent(path);
    if (parent == nullptr) return SystemError("create", path, ENOENT);
    node = (*parent->Change())[LastName(path)] = std::make_shared<Node>();
  }
  if (node->is_directory) return SystemError("create", path, EISDIR);
  if (empty_it) node->bytes.clear();
  return std::make_unique<MemoryWritableFile>(path, node, faults_);
}

absl::StatusOr<std::unique_ptr<WritableFile>> FaultyFileSystem::OpenForWriting(const std::string& path) {
  RETURN_IF_FAULT(FileOperation::kOpen, path, OpenFile(path, true));
  return OpenFile(path, true);
}

absl::StatusOr<std::unique_ptr<WritableFile>> FaultyFileSystem::OpenForAppending(const std::string& path) {
  RETURN_IF_FAULT(FileOperation::kOpen, path, OpenFile(path, false));
  return OpenFile(path, false);
}

absl::StatusOr<std::unique_ptr<ReadableFile>> FaultyFileSystem::OpenForReading(const std::string& path) {
  const std::optional<Fault> fault = faults_->Next(FileOperation::kOpen);
  if (fault.has_value() && fault->error != 0) return SystemError("open", path, fault->error);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return SystemError("open", path, ENOENT);
  if (node->is_directory) return absl::FailedPreconditionError(absl::StrCat(path, ": is not a regular file"));
  return std::make_unique<MemoryReadableFile>(path, node, faults_);
}

absl::StatusOr<FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  RETURN_IF_FAULT(FileOperation::kStat, path, FileInfo{});
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return SystemError("stat", path, ENOENT);
  return FileInfo{node->is_directory, node->bytes.size()};
}

absl::Status FaultyFileSystem::Truncate(const std::string& path, uint64_t size) {
  RETURN_IF_FAULT(FileOperation::kTruncate, path, absl::OkStatus());
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return SystemError("truncate", path, ENOENT);
  if (node->is_directory) return SystemError("truncate", path, EISDIR);
  node->bytes.resize(size);
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  RETURN_IF_FAULT(FileOperation::kRename, absl::StrCat(from, " to ", to), absl::OkStatus());
  const std::string names = absl::StrCat(from, " to ", to);
  const std::shared_ptr<Node> moved = Find(from), replaced = Find(to);
  const std::shared_ptr<Node> from_parent = FindParent(from), to_parent = FindParent(to);
  if (moved == nullptr || to_parent == nullptr) return SystemError("rename", names, ENOENT);
  if (replaced != nullptr && replaced->is_directory != moved->is_directory) {
    return SystemError("rename", names, replaced->is_directory ? EISDIR : ENOTDIR);
  }
  if (replaced != nullptr && !replaced->entries().empty()) return SystemError("rename", names, ENOTEMPTY);
  Node::Entries* entries = from_parent->Change();
  entries->erase(LastName(from));
  if (to_parent != from_parent) entries = to_parent->Change();
  (*entries)[LastName(to)] = moved;
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::Remove(const std::string& path, bool directory) {
  RETURN_IF_FAULT(FileOperation::kRemove, path, absl::OkStatus());
  const std::shared_ptr<Node> node = Find(path), parent = FindParent(path);
  if (node == nullptr) return SystemError("remove", path, ENOENT);
  if (node->is_directory != directory) return SystemError("remove", path, directory ? ENOTDIR : EISDIR);
  if (directory && !node->entries().empty()) return SystemError("remove", path, ENOTEMPTY);
  parent->Change()->erase(LastName(path));
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::RemoveFile(const std::string& path) { return Remove(path, /*directory=*/false); }
absl::Status FaultyFileSystem::RemoveDirectory(const std::string& path) { return Remove(path, /*directory=*/true); }

absl::Status FaultyFileSystem::CreateDirectory(const std::string& path) {
  RETURN_IF_FAULT(FileOperation::kCreateDirectory, path, absl::OkStatus());
  if (Find(path) != nullptr) return SystemError("create directory", path, EEXIST);
  const std::shared_ptr<Node> parent = FindParent(path);
  if (parent == nullptr) return SystemError("create directory", path, ENOENT);
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  (*parent->Change())[LastName(path)] = std::move(node);
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::SyncDirectory(const std::string& path) {
  RETURN_IF_FAULT(FileOperation::kSyncDirectory, path, absl::OkStatus());
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return SystemError("sync directory", path, ENOENT);
  node->history = {Node::Entries(node->entries())};
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DirectoryEntry>> FaultyFileSystem::List(const std::string& path) {
  RETURN_IF_FAULT(FileOperation::kList, path, std::vector<DirectoryEntry>());
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return SystemError("list", path, ENOENT);
  if (!node->is_directory) return SystemError("list", path, ENOTDIR);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, child] : node->entries()) entries.push_back({name, child->is_directory});
  return entries;
}

absl::StatusOr<std::unique_ptr<DirectoryLock>> FaultyFileSystem::LockDirectory(const std::string& path) {
  if (Find(path) == nullptr) return SystemError("lock", path, ENOENT);
  if (!locks_->insert(path).second) return absl::FailedPreconditionError(absl::StrCat(path, ": in use"));
  return std::make_unique<MemoryLock>(path, locks_);
}

}  // namespace espalier
