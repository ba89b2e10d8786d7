// All emulated accelerators by name.
#ifndef ESPALIER_HW_TARGETS_H_
#define ESPALIER_HW_TARGETS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hw/target.h"

namespace espalier {

// "eie", "tpu".
std::vector<std::string> TargetNames();

// With the published chip's parameters. InvalidArgument if there is none of that name, whatever its letters' case.
absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const std::string& name);

}  // namespace espalier

#endif  // ESPALIER_HW_TARGETS_H_
