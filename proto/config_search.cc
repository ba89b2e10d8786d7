#include "proto/config_search.h"

#include <algorithm>
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
  if (name.empty()) return absl::InvalidArgumentError("expected the name of a file, found an empty one");
  std::vector<std::string> places;
  if (fs::path(name).is_absolute()) places = {name};
  for (const std::string& folder : folders) {
    const std::string place = (fs::path(folder) / name).string();
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  for (const std::string& place : places) {
    if (IsFile(place)) return place;
  }
  if (!absl::EndsWith(name, ".pbtxt")) {
    for (const std::string& place : places) {
      if (const std::string file = place + ".pbtxt"; IsFile(file)) return file;
    }
  }
  return absl::NotFoundError(
      absl::StrCat("expected a file ", name, ", found none; looked at ", absl::StrJoin(places, ", ")));
}

}  // namespace espalier
