// The head of a Huffman block: what comes before the coded symbols. docs/entropy_coding.md has the grammar.
#ifndef ESPALIER_COMPRESSION_CODING_HUFFMAN_BLOCK_H_
#define ESPALIER_COMPRESSION_CODING_HUFFMAN_BLOCK_H_

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "compression/coding/bit_io.h"

namespace espalier {

constexpr int kHuffmanSymbols = 256;
constexpr int kHuffmanMaximumLength = 11;  // decode tables of 2^11 entries stay in the first-level cache
constexpr int kHuffmanMaximumStreams = 8;

using HuffmanCodeLengths = std::array<uint8_t, kHuffmanSymbols>;

enum class HuffmanMode : uint8_t {
  kRaw = 0,     // a byte per symbol
  kSingle = 1,  // all symbols are the same
  kOneStream = 2,
  kManyStreams = 3,
};

struct HuffmanHead {
  HuffmanMode mode = HuffmanMode::kRaw;
  uint8_t symbol = 0;               // kSingle
  HuffmanCodeLengths lengths = {};  // modes with streams: complete, that is the sum of 2^-length is 1
  int streams = 0;                  // 0 in modes without
  int64_t bits = 0;                 // of the head itself
  // Stream i ends there and the next begins; the first one begins behind the head, within the same byte.
  std::array<int64_t, kHuffmanMaximumStreams> byte_ends = {};

  int64_t FirstBit(int stream) const { return stream == 0 ? bits : 8 * byte_ends[stream - 1]; }
};

// Streams code consecutive parts of the symbols: stream i those in [i * count / streams, (i + 1) * count / streams).
inline int64_t HuffmanPartBegin(int64_t count, int streams, int i) { return count * i / streams; }

void WriteHuffmanCodeLengths(const HuffmanCodeLengths& lengths, BitWriter* out);

// `stream_bytes`: of all streams but the first.
void WriteHuffmanStreamSizes(absl::Span<const int64_t> stream_bytes, BitWriter* out);

// InvalidArgument if the block does not begin with a head, or its streams do not fit into it.
absl::StatusOr<HuffmanHead> ReadHuffmanHead(absl::string_view block, int64_t symbol_count);

// Codes in the order of (length, symbol), the first one all zeros (E. S. Schwartz, B. Kallick, "Generating a canonical
// prefix encoding", CACM 7, 1964).
std::array<uint16_t, kHuffmanSymbols> CanonicalCodes(const HuffmanCodeLengths& lengths);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_CODING_HUFFMAN_BLOCK_H_
