#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compression/coding/decode_table.h"
#include "compression/coding/huffman.h"
#include "compression/coding/huffman_block.h"
#include "core/status.h"

namespace espalier {
namespace {

// Where the decoding of a stream stands. It goes from the end to the begin, in the block and in the symbols.
struct Stream {
  const uint8_t* window;  // of 8 bytes, loaded as one little-endian word: its highest bits are next
  int used;               // bits of the window that are decoded already, from the highest on
  uint8_t* end;           // behind the last symbol that is not yet decoded
  uint8_t* begin;
  int64_t first_bit;  // of the block, that belongs to this stream
};

constexpr int kLookups = (64 - 8) / kHuffmanMaximumLength;  // for which the bits of one load suffice
constexpr int kWindow = 8;

// Decodes up to `kLookups` entries.
inline void Step(const uint64_t* entries, int shift, Stream* stream) {
  stream->window -= stream->used >> 3;
  uint64_t bits;
  std::memcpy(&bits, stream->window, sizeof bits);
  const int before = stream->used & 7;
  // The lowest bit is given up for a mark, whose place in the end tells how many bits were used.
  bits = (bits | 1) << before;
  uint8_t* end = stream->end;
  for (int i = 0; i < kLookups; ++i) {
    const uint64_t entry = entries[bits >> shift];
    std::memcpy(end - sizeof entry, &entry, sizeof entry);
    bits <<= entry & 63;
    end -= HuffmanDecodeTable::Symbols(entry);
  }
  stream->end = end;
  stream->used = __builtin_ctzll(bits);
}

// Decodes all streams side by side for as long as none can leave the block or its part of the symbols.
template <int kStreams>
void DecodeTogether(const HuffmanDecodeTable& table, const uint8_t* block, Stream* streams) {
  const uint64_t* entries = table.entries();
  const int shift = 64 - table.index_bits();
  const int64_t most = kLookups * table.most_symbols();
  while (true) {
    int64_t steps = INT64_MAX;
    for (int i = 0; i < kStreams; ++i) {
      steps = std::min(steps, (streams[i].window - block) / kWindow);
      steps = std::min(steps, (streams[i].end - streams[i].begin - kWindow) / most);
    }
    if (steps <= 0) return;
    for (; steps > 0; --steps) {
      for (int i = 0; i < kStreams; ++i) Step(entries, shift, &streams[i]);
    }
  }
}

// The next bits of a stream, highest first, and zeros where the block begins.
uint64_t Peek(const uint8_t* block, int64_t end_bit) {
  uint64_t bits = 0;
  for (int64_t byte = (end_bit - 1) / 8, place = 56; byte >= 0 && place >= 0; --byte, place -= 8) {
    bits |= static_cast<uint64_t>(block[byte]) << place;
  }
  return bits << (-end_bit & 7);
}

// Decodes the rest one by one, and proves that the stream has no bit too few or too many.
absl::Status Finish(const HuffmanDecodeTable& table, const uint8_t* block, int index, Stream stream) {
  int64_t end_bit = 8 * (stream.window - block + kWindow) - stream.used;
  while (stream.end > stream.begin && end_bit >= stream.first_bit) {
    const uint8_t symbol =
        HuffmanDecodeTable::FirstSymbol(table.entries()[Peek(block, end_bit) >> (64 - table.index_bits())]);
    *--stream.end = symbol;
    end_bit -= table.lengths()[symbol];
  }
  if (stream.end > stream.begin || end_bit < stream.first_bit) {
    return absl::InvalidArgumentError(absl::StrCat("Huffman block: expected the symbols of stream ", index,
                                                   ", found its end ", stream.end - stream.begin, " before the last"));
  }
  if (end_bit - stream.first_bit >= 8) {
    return absl::InvalidArgumentError(absl::StrCat("Huffman block: expected less than 8 unused bits in stream ", index,
                                                   ", found ", end_bit - stream.first_bit));
  }
  const int64_t unused = end_bit - stream.first_bit;
  const uint64_t rest = unused == 0 ? 0 : Peek(block, end_bit) >> (64 - unused);
  if (rest != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("Huffman block: expected zeros for unused bits in stream ", index, ", found ", rest));
  }
  return absl::OkStatus();
}

absl::Status DecodeStreams(absl::string_view block, const HuffmanHead& head, absl::Span<uint8_t> symbols) {
  const HuffmanDecodeTable table(head.lengths, symbols.size());
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(block.data());
  std::array<Stream, kHuffmanMaximumStreams> streams;
  for (int i = 0; i < head.streams; ++i) {
    streams[i] = {bytes + head.stream_bytes_begin[i + 1] - kWindow, 0,
                  symbols.data() + HuffmanPartBegin(symbols.size(), head.streams, i + 1),
                  symbols.data() + HuffmanPartBegin(symbols.size(), head.streams, i),
                  i == 0 ? head.bits : 8 * head.stream_bytes_begin[i]};
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
  switch (head.mode) {
    case HuffmanMode::kRaw:
      if (!symbols.empty()) std::memcpy(symbols.data(), block.data() + head.bits / 8, symbols.size());
      return absl::OkStatus();
    case HuffmanMode::kSingle:
      std::fill(symbols.begin(), symbols.end(), head.symbol);
      return absl::OkStatus();
    case HuffmanMode::kOneStream:
    case HuffmanMode::kManyStreams:
      return DecodeStreams(block, head, symbols);
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
