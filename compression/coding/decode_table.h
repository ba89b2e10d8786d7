// The table by which Huffman codes are decoded several symbols at a time.
#ifndef ESPALIER_COMPRESSION_CODING_DECODE_TABLE_H_
#define ESPALIER_COMPRESSION_CODING_DECODE_TABLE_H_

#include <cstdint>

#include "compression/coding/huffman_block.h"

namespace espalier {

// For each value of the next `index_bits` bits of a stream, all the symbols whose codes lie in them as a whole, up to
// six. An entry is, from its lowest byte on: the bits that the codes take, the number of symbols, and the symbols, the
// first one highest. Since streams are decoded from their last symbol to the first, storing the whole entry at `end` -
// 8 puts the symbols in place, and the two bytes that are none are overwritten by the next.
class HuffmanDecodeTable {
 public:
  static constexpr int kEntrySymbols = 6;

  // The codes must be complete, and the longest has at most `index_bits` <= kHuffmanMaximumLength bits.
  HuffmanDecodeTable(const HuffmanCodeLengths& lengths, int index_bits);

  const uint64_t* entries() const { return levels_ + (size_t{1} << index_bits_); }
  int index_bits() const { return index_bits_; }
  int most_symbols() const { return most_symbols_; }  // in any entry
  const HuffmanCodeLengths& lengths() const { return lengths_; }

  static uint64_t Bits(uint64_t entry) { return entry & 0xff; }
  static uint64_t Symbols(uint64_t entry) { return entry >> 8 & 0xff; }
  static uint8_t FirstSymbol(uint64_t entry) { return entry >> 56; }

 private:
  void Fill(int level, int sorted_count, const uint8_t* sorted);

  HuffmanCodeLengths lengths_;
  int index_bits_;
  int most_symbols_;
  uint64_t levels_[size_t{2} << kHuffmanMaximumLength];  // the table for k bits begins at 2^k
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_CODING_DECODE_TABLE_H_
