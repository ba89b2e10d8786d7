// Properties of the package reader that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_PACKAGE_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_PACKAGE_FUZZ_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

// What is taken can be written again, with the same effective values, and every byte is accounted for; what is not is
// refused as a bad argument, with a reason. Returns whether the bytes were taken.
bool CheckPackageReader(const std::string& bytes);

// The bytes with the last four made the checksum of those before, so that mutations reach what the checksum guards.
std::string SealPackage(std::string bytes);

// What a file consists of between its magic and its checksum.
struct PackageParts {
  std::string info;  // the description of the network, in wire format
  std::string sections;
};

// Nothing if the file is too short for its header, or its header is deflated.
std::optional<PackageParts> SplitPackage(absl::string_view bytes);

// A sealed file with these parts, its header not deflated.
std::string JoinPackage(const PackageParts& parts);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_PACKAGE_FUZZ_H_
