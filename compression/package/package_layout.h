// Where everything stands in a package file: its header decoded, its sections found and proven to tile it, their
// streams not yet decoded. The grammar is in package_encode.cc.
#ifndef ESPALIER_COMPRESSION_PACKAGE_PACKAGE_LAYOUT_H_
#define ESPALIER_COMPRESSION_PACKAGE_PACKAGE_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "compression/package/network_tensors.h"
#include "compression/package/symbol_block.h"
#include "core/dtype.h"
#include "core/status.h"
#include "proto/package.pb.h"

namespace espalier {

inline constexpr absl::string_view kPackageMagic = "ESP1";
inline constexpr int64_t kChecksumBytes = 4;
// Of the header, inflated: in memory a description takes up to a hundred times as much.
inline constexpr uint64_t kMaximumHeaderBytes = 1 << 20;

enum class SectionKind : uint8_t { kConstant = 0, kFloats = 1, kShared = 2, kIntegers8 = 3, kIntegers16 = 4 };

// The tensor as a matrix of symbols: its first dimension by all others.
SymbolMatrix MatrixOf(const Shape& shape, int width, int bits);

struct SectionLayout {
  NetworkTensor tensor;
  int64_t bytes = 0;
  SectionKind kind = SectionKind::kConstant;
  DType dtype = DType::kF32;  // in which floats are stored
  // The constant; the codebook, its zero included; the scales. None for floats.
  std::vector<float> values;
  int64_t value_bytes = 0;  // of those, in the file
  // Of all kinds but constants:
  SymbolMatrix matrix;
  BlockCoding coding;
  std::vector<BlockView> blocks;
  int64_t stream_bytes = 0;

  // What is neither values nor streams: kind, counts, coding, sizes of streams.
  int64_t overhead_bytes() const { return bytes - value_bytes - stream_bytes; }
};

struct PackageLayout {
  PackageInfo info;
  int64_t header_bytes = 0;  // magic included
  std::vector<SectionLayout> sections;
};

// The views refer to `file`. InvalidArgument that says what is wrong where: another magic, a checksum that does not
// hold, a network that cannot be, sizes that contradict each other or the network. What is allocated is bounded by the
// file's size, and by tensors of at most kFreeElements + kElementsPerByte * file size elements in all.
absl::StatusOr<PackageLayout> ReadLayout(absl::string_view file);

// What 16 M elements, or 4096 for a byte, exceed is no compressed network but a trap.
inline constexpr int64_t kFreeElements = int64_t{1} << 24;
inline constexpr int64_t kElementsPerByte = 4096;

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_PACKAGE_LAYOUT_H_
