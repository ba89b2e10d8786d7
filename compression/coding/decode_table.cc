#include "compression/coding/decode_table.h"

#include <algorithm>

namespace espalier {
namespace {

constexpr uint64_t kOneSymbol = 1 << 8;
constexpr uint64_t kSymbolBytes = 0x00ffffffffff0000;  // where the second to the sixth symbol go

// Puts `symbol` before the symbols of `entry`.
uint64_t Prepended(uint64_t entry, uint64_t symbol, uint64_t length) {
  return symbol << 56 | (entry >> 8 & kSymbolBytes) | ((entry & 0xffff) + kOneSymbol + length);
}

}  // namespace

HuffmanDecodeTable::HuffmanDecodeTable(const HuffmanCodeLengths& lengths, int index_bits)
    : lengths_(lengths), index_bits_(index_bits) {
  int shortest = kHuffmanMaximumLength;
  std::array<int, kHuffmanMaximumLength + 2> begins = {};  // of the symbols of a length, among the sorted ones
  for (uint8_t length : lengths) {
    if (length == 0) continue;
    shortest = std::min<int>(shortest, length);
    ++begins[length + 1];
  }
  for (int length = 1; length <= kHuffmanMaximumLength; ++length) begins[length + 1] += begins[length];
  std::array<uint8_t, kHuffmanSymbols> sorted;  // in the order of their codes
  std::array<int, kHuffmanMaximumLength + 2> next = begins;
  for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) {
    if (lengths[symbol] > 0) sorted[next[lengths[symbol]]++] = symbol;
  }

  most_symbols_ = std::min(index_bits_ / shortest, kEntrySymbols);

  // A table for k bits is made of those for k - length bits. Only those are filled that are wanted.
  std::array<bool, kHuffmanMaximumLength + 1> wanted = {};
  wanted[index_bits_] = true;
  for (int level = index_bits_; level > 0; --level) {
    for (int length = 1; wanted[level] && length <= level; ++length) {
      if (begins[length + 1] > begins[length]) wanted[level - length] = true;
    }
  }
  for (int level = 0; level <= index_bits_; ++level) {
    if (wanted[level]) Fill(level, begins[level + 1], sorted.data());
  }
}

void HuffmanDecodeTable::Fill(int level, int sorted_count, const uint8_t* sorted) {
  uint64_t* to = levels_ + (size_t{1} << level);
  uint64_t* const end = to + (size_t{1} << level);
  for (int i = 0; i < sorted_count; ++i) {
    const uint64_t symbol = sorted[i], length = lengths_[sorted[i]];
    const size_t size = size_t{1} << (level - length);
    const uint64_t* from = levels_ + size;
    for (size_t j = 0; j < size; ++j) to[j] = Prepended(from[j], symbol, length);
    if (level > kEntrySymbols) {
      for (size_t j = 0; j < size; ++j) {
        if (Symbols(from[j]) == kEntrySymbols) to[j] -= kOneSymbol + lengths_[from[j] >> 16 & 0xff];
      }
    }
    to += size;
  }
  std::fill(to, end, 0);
}

}  // namespace espalier
