#include <algorithm>
#include <cstring>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "compression/coding/decode_table.h"
#include "compression/coding/huffman.h"
#include "compression/coding/huffman_block.h"
#include "core/status.h"

namespace espalier {
namespace {

// Where the decoding of a stream stands. It goes from the end to the begin, in the block and in the symbols alike.
struct Stream {
  int64_t first_bit;  // of the stream, in the block
  int64_t end_bit;    // behind the bits that are not yet decoded; below first_bit if the stream ended early
  uint8_t* begin;     // of the symbols
  uint8_t* end;       // behind those that are not yet decoded
};

constexpr int64_t kWordBytes = sizeof(uint64_t);
constexpr int kLookups = (64 - 8) / kHuffmanMaximumLength;  // a step, for which the bits of one load suffice
constexpr int64_t kBytesPerStep = (7 + kLookups * kHuffmanMaximumLength) / 8;  // of the block, at most

// How many steps can neither leave the block nor the stream's part of the symbols.
int64_t SafeSteps(const Stream& stream, int64_t most_symbols) {
  const int64_t window = (stream.end_bit + 7) / 8 - kWordBytes, symbols = stream.end - stream.begin - kWordBytes;
  if (window < 0 || symbols < 0) return 0;
  return std::min(window / kBytesPerStep + 1, (symbols + most_symbols) / (kLookups * most_symbols));
}

// Decodes kLookups entries of every stream in each step. A look-up waits for the one before, so streams are taken turn
// by turn: with eight the processor always has others to go on with. That takes all registers: `index_bits`, which is
// the greatest there anyway, must not need one, nor must a caller into which this is inlined.
template <int kStreams>
ABSL_ATTRIBUTE_NOINLINE void RunSteps(const uint64_t* entries, int index_bits, const uint8_t* block, int64_t steps,
                                      Stream* streams) {
  const int shift = 64 - (kStreams > 1 ? kHuffmanMaximumLength : index_bits);
  const uint8_t* window[kStreams];  // eight bytes as a little-endian word, whose highest bits are next
  uint64_t bits[kStreams];          // those next bits, then a one for a mark, then as many zeros as bits are used
  uint8_t* end[kStreams];
#pragma GCC unroll 8
  for (int i = 0; i < kStreams; ++i) {
    window[i] = block + (streams[i].end_bit + 7) / 8 - kWordBytes;
    bits[i] = uint64_t{1} << (-streams[i].end_bit & 7);
    end[i] = streams[i].end;
  }
  for (; steps > 0; --steps) {
#pragma GCC unroll 8
    for (int i = 0; i < kStreams; ++i) {
      const int used = __builtin_ctzll(bits[i]);
      window[i] -= used >> 3;
      std::memcpy(&bits[i], window[i], sizeof bits[i]);
      bits[i] = (bits[i] | 1) << (used & 7);
    }
#pragma GCC unroll 8
    for (int k = 0; k < kLookups; ++k) {
#pragma GCC unroll 8
      for (int i = 0; i < kStreams; ++i) {
        const uint64_t entry = entries[bits[i] >> shift];
        std::memcpy(end[i] - sizeof entry, &entry, sizeof entry);
        bits[i] <<= entry & 63;
        end[i] -= HuffmanDecodeTable::Symbols(entry);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kStreams; ++i) {
    streams[i].end_bit = 8 * (window[i] - block + kWordBytes) - __builtin_ctzll(bits[i]);
    streams[i].end = end[i];
  }
}

template <int kStreams>
void DecodeTogether(const HuffmanDecodeTable& table, const uint8_t* block, Stream* streams) {
  while (true) {
    int64_t steps = INT64_MAX;
    for (int i = 0; i < kStreams; ++i) steps = std::min(steps, SafeSteps(streams[i], table.most_symbols()));
    if (steps == 0) return;
    RunSteps<kStreams>(table.entries(), table.index_bits(), block, steps, streams);
  }
}

// The bits before `end_bit`, the last one highest: at least 57 of them, with zeros for what is before the block.
uint64_t Peek(const uint8_t* block, int64_t end_bit) {
  const int64_t end = (end_bit + 7) / 8;
  uint64_t bits = 0;
  if (end >= kWordBytes) {
    std::memcpy(&bits, block + end - kWordBytes, sizeof bits);
  } else {
    for (int64_t i = 0; i < end; ++i) bits |= static_cast<uint64_t>(block[i]) << (64 - 8 * (end - i));
  }
  return bits << (-end_bit & 7);
}

// Decodes the rest, look-up by look-up, and proves that the stream has no bit too few or too many.
absl::Status Finish(const HuffmanDecodeTable& table, const uint8_t* block, int index, Stream stream) {
  const int shift = 64 - table.index_bits();
  while (stream.end - stream.begin >= kWordBytes && stream.end_bit >= stream.first_bit) {
    const uint64_t entry = table.entries()[Peek(block, stream.end_bit) >> shift];
    std::memcpy(stream.end - kWordBytes, &entry, kWordBytes);
    stream.end -= HuffmanDecodeTable::Symbols(entry);
    stream.end_bit -= HuffmanDecodeTable::Bits(entry);
  }
  while (stream.end > stream.begin && stream.end_bit >= stream.first_bit) {
    const uint8_t symbol = HuffmanDecodeTable::FirstSymbol(table.entries()[Peek(block, stream.end_bit) >> shift]);
    *--stream.end = symbol;
    stream.end_bit -= table.lengths()[symbol];
  }
  const int64_t unused = stream.end_bit - stream.first_bit;
  if (unused < 0) {
    return absl::InvalidArgumentError(absl::StrCat("Huffman block: expected all symbols of stream ", index,
                                                   ", found its end with ", stream.end - stream.begin, " to come"));
  }
  if (unused >= 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("Huffman block: expected at most 7 unused bits in stream ", index, ", found ", unused));
  }
  if (unused > 0 && Peek(block, stream.end_bit) >> (64 - unused) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("Huffman block: expected zeros for the unused bits of stream ", index, ", found others"));
  }
  return absl::OkStatus();
}

// As many as pay for this number of symbols: filling an entry costs about as much as a look-up saves.
int IndexBits(const HuffmanHead& head, int64_t symbol_count) {
  int bits = head.streams > 1 ? kHuffmanMaximumLength : *std::max_element(head.lengths.begin(), head.lengths.end());
  while (bits < kHuffmanMaximumLength && symbol_count >> (bits + 2) > 0) ++bits;
  return bits;
}

absl::Status DecodeStreams(absl::string_view block, const HuffmanHead& head, absl::Span<uint8_t> symbols) {
  const HuffmanDecodeTable table(head.lengths, IndexBits(head, symbols.size()));
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(block.data());
  std::array<Stream, kHuffmanMaximumStreams> streams;
  for (int i = 0; i < head.streams; ++i) {
    streams[i] = {head.FirstBit(i), 8 * head.byte_ends[i],
                  symbols.data() + HuffmanPartBegin(symbols.size(), head.streams, i),
                  symbols.data() + HuffmanPartBegin(symbols.size(), head.streams, i + 1)};
  }
  if (head.streams > 1) DecodeTogether<kHuffmanMaximumStreams>(table, bytes, streams.data());
  for (int i = 0; i < head.streams; ++i) {
    DecodeTogether<1>(table, bytes, &streams[i]);
    RETURN_IF_ERROR(Finish(table, bytes, i, streams[i]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status HuffmanDecode(absl::string_view block, absl::Span<uint8_t> symbols) {
  ASSIGN_OR_RETURN(const HuffmanHead head, ReadHuffmanHead(block, symbols.size()));
  if (head.streams > 0) return DecodeStreams(block, head, symbols);
  if (head.mode == HuffmanMode::kSingle) {
    std::fill(symbols.begin(), symbols.end(), head.symbol);
  } else if (!symbols.empty()) {
    std::memcpy(symbols.data(), block.data() + head.bits / 8, symbols.size());
  }
  return absl::OkStatus();
}

absl::StatusOr<HuffmanSizes> HuffmanBlockSizes(absl::string_view block, int64_t symbol_count) {
  ASSIGN_OR_RETURN(const HuffmanHead head, ReadHuffmanHead(block, symbol_count));
  HuffmanSizes sizes;
  sizes.table_bytes = (head.bits + 7) / 8;
  sizes.stream_bytes = static_cast<int64_t>(block.size()) - sizes.table_bytes;
  return sizes;
}

}  // namespace espalier
