// Blocks of symbols: a tensor's elements, a symbol of a few bytes each, in one of two orders, cut into blocks that are
// coded alone.
//
// A dense block has all its symbols. A sparse one has entries for those that are not zero: the gap (how many zeros
// stand before it, counted from the entry before it or the block's beginning) and the symbol. A gap has `index_bits`
// bits; where more zeros stand together, entries of symbol zero and the largest gap bridge them: the relative indices
// of Deep Compression (Han et al. 2016) and of EIE (Han et al. 2016). Zeros at the end need none.
#ifndef ESPALIER_COMPRESSION_PACKAGE_SYMBOL_BLOCK_H_
#define ESPALIER_COMPRESSION_PACKAGE_SYMBOL_BLOCK_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "compression/package/symbol_stream.h"
#include "core/status.h"

namespace espalier {

// Symbols of a block; the last block of a tensor may have fewer.
inline constexpr int64_t kBlockSymbols = int64_t{1} << 20;
inline constexpr int kMaxSymbolBytes = 4;
inline constexpr int kMaxIndexBits = 8;

// A tensor of symbols: a matrix, as memory holds it row by row.
struct SymbolMatrix {
  int64_t rows = 1, columns = 1;
  int width = 1;  // bytes of a symbol: 1, 2 or 4. Byte p of all symbols is plane p, the lowest first
  int bits = 8;   // of a plane's bytes that are in use; 8 unless width is 1

  int64_t count() const { return rows * columns; }
};

struct BlockCoding {
  int index_bits = 0;         // 0: dense
  bool column_major = false;  // the order of sparse symbols; dense ones stand row by row

  int streams(int width) const { return width + (index_bits > 0 ? 1 : 0); }
};

// What of a block's symbols is not zero: for each, the zeros before it.
struct KeptSymbols {
  std::vector<uint32_t> runs;
  std::array<std::vector<uint8_t>, kMaxSymbolBytes> planes;
};

// A coded block: the gaps if it is sparse, then the planes.
struct CodedBlock {
  int64_t entries = 0;
  std::vector<SymbolStream> streams;

  int64_t bytes() const;
};

// Symbols [begin, begin + count) of the matrix in the given order, one after the other.
void CopyInOrder(const uint8_t* matrix, const SymbolMatrix& shape, bool column_major, int64_t begin, int64_t count,
                 uint8_t* out);
KeptSymbols FindKept(const uint8_t* symbols, int64_t count, int width);

CodedBlock EncodeDense(const uint8_t* symbols, int64_t count, const SymbolMatrix& shape, bool huffman);
CodedBlock EncodeSparse(const KeptSymbols& kept, const SymbolMatrix& shape, int index_bits, bool huffman);

// A coded block as it stands in a file.
struct BlockView {
  struct Stream {
    bool huffman = false;
    absl::string_view bytes;
  };
  int64_t begin = 0, count = 0;  // of symbols, in the coding's order
  int64_t entries = 0;           // count, if dense
  std::array<Stream, 1 + kMaxSymbolBytes> streams;
};

// Writes the block's symbols, or those that are not zero, to their places in `matrix`, which is zero there.
// InvalidArgument if a stream is broken, an entry stands behind the block's end, or a symbol of one byte is not below
// `alphabet`. Needs 5 bytes of memory for each entry.
absl::Status DecodeBlock(const BlockView& block, const SymbolMatrix& shape, const BlockCoding& coding, int alphabet,
                         uint8_t* matrix);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_SYMBOL_BLOCK_H_
