// A row of symbols of up to eight bits as bytes of a file: packed side by side, or Huffman coded.
#ifndef ESPALIER_COMPRESSION_PACKAGE_SYMBOL_STREAM_H_
#define ESPALIER_COMPRESSION_PACKAGE_SYMBOL_STREAM_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/status.h"

namespace espalier {

struct SymbolStream {
  bool huffman = false;  // else packed
  std::string bytes;
};

// The smaller of the two codings; packed if `huffman` is off. Symbols are below 2^bits, bits in [0, 8].
SymbolStream EncodeStream(absl::Span<const uint8_t> symbols, int bits, bool huffman);

// Fills `symbols`; InvalidArgument if the bytes do not hold exactly so many. Packed symbols are below 2^bits; those of
// a Huffman code are not checked.
absl::Status DecodeStream(absl::string_view bytes, bool huffman, int bits, absl::Span<uint8_t> symbols);

// Bytes of `count` packed symbols: the first symbol in the lowest bits of the first byte, the last byte filled up with
// zeros.
inline int64_t PackedBytes(int64_t count, int bits) { return (count * bits + 7) / 8; }
std::string PackSymbols(absl::Span<const uint8_t> symbols, int bits);
void UnpackSymbols(absl::string_view bytes, int bits, absl::Span<uint8_t> symbols);
// The plain twin: bit by bit.
void UnpackSymbolsPlain(absl::string_view bytes, int bits, absl::Span<uint8_t> symbols);

// The bits of a code for `symbols` different symbols: 0 for one.
int BitsFor(int64_t symbols);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_SYMBOL_STREAM_H_
