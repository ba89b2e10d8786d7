#include "compression/package/symbol_stream.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "compression/coding/huffman.h"
#include "glog/logging.h"

namespace espalier {

int BitsFor(int64_t symbols) {
  int bits = 0;
  while ((int64_t{1} << bits) < symbols) ++bits;
  return bits;
}

// Eight symbols fill exactly `bits` bytes.
std::string PackSymbols(absl::Span<const uint8_t> symbols, int bits) {
  std::string bytes(PackedBytes(symbols.size(), bits), '\0');
  for (size_t first = 0, at = 0; first < symbols.size(); first += 8, at += bits) {
    const size_t count = std::min<size_t>(8, symbols.size() - first);
    uint64_t word = 0;
    for (size_t i = 0; i < count; ++i) {
      DCHECK_LT(symbols[first + i], 1 << bits);
      word |= uint64_t{symbols[first + i]} << (i * bits);
    }
    std::memcpy(&bytes[at], &word, std::min<size_t>(bits, bytes.size() - at));
  }
  return bytes;
}

void UnpackSymbols(absl::string_view bytes, int bits, absl::Span<uint8_t> symbols) {
  CHECK_EQ(static_cast<int64_t>(bytes.size()), PackedBytes(symbols.size(), bits));
  if (bits == 8) {
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(symbols.data()));
    return;
  }
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  for (size_t first = 0, at = 0; first < symbols.size(); first += 8, at += bits) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<size_t>(bits, bytes.size() - at));
    const size_t count = std::min<size_t>(8, symbols.size() - first);
    for (size_t i = 0; i < count; ++i) symbols[first + i] = static_cast<uint8_t>(word >> (i * bits) & mask);
  }
}

void UnpackSymbolsPlain(absl::string_view bytes, int bits, absl::Span<uint8_t> symbols) {
  size_t at = 0;
  for (uint8_t& symbol : symbols) {
    symbol = 0;
    for (int bit = 0; bit < bits; ++bit, ++at) symbol |= (bytes[at / 8] >> (at % 8) & 1) << bit;
  }
}

SymbolStream EncodeStream(absl::Span<const uint8_t> symbols, int bits, bool huffman) {
  if (huffman && bits > 0) {
    std::string block = HuffmanEncode(symbols);
    if (static_cast<int64_t>(block.size()) < PackedBytes(symbols.size(), bits)) return {true, std::move(block)};
  }
  return {false, PackSymbols(symbols, bits)};
}

absl::Status DecodeStream(absl::string_view bytes, bool huffman, int bits, absl::Span<uint8_t> symbols) {
  if (huffman) return HuffmanDecode(bytes, symbols);
  if (static_cast<int64_t>(bytes.size()) != PackedBytes(symbols.size(), bits)) {
    return absl::InvalidArgumentError(absl::StrCat("expected ", PackedBytes(symbols.size(), bits), " bytes for ",
                                                   symbols.size(), " symbols of ", bits, " bits, found ",
                                                   bytes.size()));
  }
  UnpackSymbols(bytes, bits, symbols);
  return absl::OkStatus();
}

}  // namespace espalier
