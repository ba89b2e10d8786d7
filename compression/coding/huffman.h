// Canonical Huffman coding of byte symbols (D. A. Huffman, "A method for the construction of minimum-redundancy codes",
// Proc. IRE 40, 1952): the last stage of Deep Compression (Han, Mao, Dally, ICLR 2016), for streams of weight codes and
// of gaps between weights. A block holds everything but the number of its symbols. docs/entropy_coding.md has its
// grammar and that of the code table.
#ifndef ESPALIER_COMPRESSION_CODING_HUFFMAN_H_
#define ESPALIER_COMPRESSION_CODING_HUFFMAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace espalier {

// The lengths, in bits, of a prefix code that has the fewest bits in all among those whose codes have at most
// `max_length` bits: package-merge (L. L. Larmore, D. S. Hirschberg, "A fast algorithm for optimal length-limited
// Huffman codes", J. ACM 37, 1990). `counts[s]` is how often symbol s occurs. Symbols that do not occur have length 0;
// so has the only one that does. At most 2^max_length symbols may occur, and their counts sum to less than 2^56.
std::vector<uint8_t> HuffmanLengths(absl::Span<const uint64_t> counts, int max_length);

// The block for these symbols; empty if there are none. At most one byte longer than the symbols.
std::string HuffmanEncode(absl::Span<const uint8_t> symbols);

// Fills `symbols` from a block of exactly so many. InvalidArgument, with what was expected and found, if the block is
// not one that holds them; `symbols` then hold anything. Reads no byte outside the block; needs 32 KiB of stack.
absl::Status HuffmanDecode(absl::string_view block, absl::Span<uint8_t> symbols);

// What a block's bytes are for. A byte that is shared by the table and the first stream counts for the table.
struct HuffmanSizes {
  int64_t table_bytes = 0;   // mode, code lengths, lengths of streams
  int64_t stream_bytes = 0;  // the coded symbols, and the zeros that fill up the streams' bytes
};

// The sizes for a block of `symbol_count` symbols: they sum to block.size(). InvalidArgument as above, but the streams
// are not looked into.
absl::StatusOr<HuffmanSizes> HuffmanBlockSizes(absl::string_view block, int64_t symbol_count);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_CODING_HUFFMAN_H_
