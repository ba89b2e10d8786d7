// Properties of the package reader that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_PACKAGE_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_PACKAGE_FUZZ_H_

#include <string>

namespace espalier {

// What is taken can be written again, with the same effective values, and every byte is accounted for; what is not is
// refused as a bad argument, with a reason. Returns whether the bytes were taken.
bool CheckPackageReader(const std::string& bytes);

// The bytes with the last four made the checksum of those before, so that mutations reach what the checksum guards.
std::string SealPackage(std::string bytes);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_PACKAGE_FUZZ_H_
