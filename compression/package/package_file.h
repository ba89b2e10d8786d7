// The file `model.esp`: a compressed network, every byte under a checksum. The grammar stands in package_encode.cc;
// ledger.h says what its bytes are for.
#ifndef ESPALIER_COMPRESSION_PACKAGE_PACKAGE_FILE_H_
#define ESPALIER_COMPRESSION_PACKAGE_PACKAGE_FILE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "compression/package/package.h"
#include "core/files/file_system.h"
#include "core/status.h"

namespace espalier {

struct PackOptions {
  // Bits of the relative indices of shared weights, 2 to 8; Deep Compression's tables have 5 or 4. 0: what is smallest
  // for each tensor, which may be a code for every element instead.
  int index_bits = 0;
  // Huffman codes where they are smaller; else plain bits everywhere ("P+Q" without "H").
  bool huffman = true;
};

// The file's bytes; they depend on the arguments alone. InvalidArgument if the package's tensors are not those of its
// model's evaluation graph, have a number that is not finite, or break what package.h says of them.
absl::StatusOr<std::string> EncodePackage(const Package& package, const PackOptions& options = {});

// Gives back the package: the same effective values, bit for bit. (Codes of shared values may be numbered anew, in the
// order of the values, those that no element has left out.) InvalidArgument that says what is wrong if `bytes` are not
// a whole, sound package; memory is bounded as ReadLayout says. Tensors are decoded on all threads.
absl::StatusOr<Package> DecodePackage(absl::string_view bytes);

// Whether a file with these first bytes wants to be a package.
bool IsPackage(absl::string_view bytes);

// A whole file's bytes, and the package in it; errors name the path.
absl::StatusOr<std::string> ReadPackageBytes(FileSystem* files, const std::string& path);
absl::StatusOr<Package> ReadPackage(FileSystem* files, const std::string& path);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_PACKAGE_FILE_H_
