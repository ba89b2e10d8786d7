#include "proto/config_search.h"

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace espalier {
namespace {

namespace fs = std::filesystem;

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

}  // namespace

std::vector<std::string> DefaultConfigFolders() {
  std::vector<std::string> folders;
  std::error_code error;
  const auto add = [&](const fs::path& folder) {
    if (fs::is_directory(folder, error)) folders.push_back(folder.string());
  };
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) add(program.parent_path().parent_path() / "share/espalier/configs");
  for (fs::path folder = fs::current_path(error); !folder.empty(); folder = folder.parent_path()) {
    add(folder / "configs");
    if (folder == folder.root_path()) break;
  }
  return folders;
}

absl::StatusOr<std::string> FindConfig(const std::string& name, const std::vector<std::string>& folders) {
  if (name.empty()) return absl::InvalidArgumentError("expected the name of a config file, found an empty one");
  std::vector<fs::path> places = {fs::path(name)};
  if (!fs::path(name).is_absolute()) {
    for (const std::string& folder : folders) places.push_back(fs::path(folder) / name);
  }
  for (const fs::path& place : places) {
    if (IsFile(place)) return place.string();
  }
  if (!absl::EndsWith(name, ".pbtxt")) {
    for (const fs::path& place : places) {
      if (const fs::path file = place.string() + ".pbtxt"; IsFile(file)) return file.string();
    }
  }
  return absl::NotFoundError(absl::StrCat(
      name, ": expected a file, found none; looked at: ",
      absl::StrJoin(places, ", ", [](std::string* out, const fs::path& place) { out->append(place.string()); })));
}

}  // namespace espalier
