#include "tools/report/chart_library.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumBytes = 4 << 20;
constexpr size_t kBannerBytes = 200;

}  // namespace

std::vector<std::string> ChartLibraryPaths() {
  std::vector<std::string> paths;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) paths.push_back((program.parent_path().parent_path() / "share/espalier/chart.min.js").string());
  paths.push_back("/usr/share/javascript/chart.js/chart.min.js");
  return paths;
}

absl::StatusOr<std::string> ReadChartLibrary(FileSystem* files, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    absl::StatusOr<std::string> text = ReadFile(files, path, kMaximumBytes);
    if (absl::IsNotFound(text.status())) continue;
    RETURN_IF_ERROR(text.status());
    const absl::string_view banner = absl::string_view(*text).substr(0, kBannerBytes);
    if (absl::StrContains(banner, "Chart.js v3.") || absl::StrContains(banner, "Chart.js v4.")) return text;
    return absl::FailedPreconditionError(absl::StrCat(path, ": expected Chart.js of version 3 or 4, found another"));
  }
  return absl::FailedPreconditionError(absl::StrCat("expected the charting library Chart.js at ",
                                                    absl::StrJoin(paths, " or "),
                                                    ", found none; install it with `apt-get install libjs-chart.js`"));
}

}  // namespace espalier
