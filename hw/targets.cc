#include "hw/targets.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hw/eie/eie_target.h"
#include "hw/tpu/tpu_target.h"

namespace espalier {
namespace {

struct Maker {
  const char* name;
  std::unique_ptr<Target> (*make)();
};

constexpr Maker kMakers[] = {
    {"eie", MakeEieTarget},
    {"tpu", MakeTpuTarget},
};

}  // namespace

std::vector<std::string> TargetNames() {
  std::vector<std::string> names;
  for (const Maker& maker : kMakers) names.push_back(maker.name);
  return names;
}

absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const std::string& name) {
  for (const Maker& maker : kMakers) {
    if (absl::AsciiStrToLower(name) == maker.name) return maker.make();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected a target of ", absl::StrJoin(TargetNames(), ", "), ", found \"", name, "\""));
}

}  // namespace espalier
