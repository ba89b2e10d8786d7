#include <cstring>

#include "compression/coding/huffman.h"
#include "compression/coding/huffman_block.h"

namespace espalier {
namespace {

// Parts shorter than this are not worth a stream's length and its unused bits.
constexpr int64_t kManyStreamsFrom = 1 << 15;

using Counts = std::array<uint64_t, kHuffmanSymbols>;

// Four counters for each symbol, so that repeated ones do not wait for each other's sums.
Counts Count(absl::Span<const uint8_t> symbols) {
  std::array<Counts, 4> partial = {};
  size_t i = 0;
  for (; i + 8 <= symbols.size(); i += 8) {
    uint64_t eight;
    std::memcpy(&eight, symbols.data() + i, sizeof eight);
    for (int byte = 0; byte < 8; ++byte) ++partial[byte % 4][eight >> (8 * byte) & 0xff];
  }
  for (; i < symbols.size(); ++i) ++partial[0][symbols[i]];
  for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) {
    for (int k = 1; k < 4; ++k) partial[0][symbol] += partial[k][symbol];
  }
  return partial[0];
}

int64_t CodedBits(const Counts& counts, const HuffmanCodeLengths& lengths) {
  int64_t bits = 0;
  for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) bits += counts[symbol] * lengths[symbol];
  return bits;
}

// A code and its length in the lowest 4 bits.
using EncodeTable = std::array<uint32_t, kHuffmanSymbols>;

// Writes the codes one behind the other, from bit `first_bit` of `out` on, each with its last bit lowest: so the
// decoder, coming from the end, meets the first bit of the last symbol's code first. Up to 8 bytes behind are touched.
void WriteStream(absl::Span<const uint8_t> symbols, const EncodeTable& table, int64_t first_bit, char* out) {
  out += first_bit / 8;
  int used = first_bit % 8;
  uint64_t bits = static_cast<uint8_t>(*out) & ((1u << used) - 1);
  const auto append = [&](uint8_t symbol) {
    const uint32_t entry = table[symbol];
    bits |= static_cast<uint64_t>(entry >> 4) << used;
    used += entry & 15;
  };
  const auto flush = [&] {
    std::memcpy(out, &bits, sizeof bits);
    out += used / 8;
    bits >>= used & ~7;
    used &= 7;
  };
  constexpr int kPerFlush = (64 - 8) / kHuffmanMaximumLength;
  size_t i = 0;
  for (; i + kPerFlush <= symbols.size(); i += kPerFlush) {
    for (int k = 0; k < kPerFlush; ++k) append(symbols[i + k]);
    flush();
  }
  for (; i < symbols.size(); ++i) append(symbols[i]);
  flush();
  std::memcpy(out, &bits, sizeof bits);
}

}  // namespace

std::string HuffmanEncode(absl::Span<const uint8_t> symbols) {
  const int64_t count = symbols.size();
  if (count == 0) return "";
  const int streams = count >= kManyStreamsFrom ? kHuffmanMaximumStreams : 1;
  std::array<Counts, kHuffmanMaximumStreams> part_counts = {};
  Counts counts = {};
  const auto part = [&](int i) {
    const int64_t begin = HuffmanPartBegin(count, streams, i);
    return symbols.subspan(begin, HuffmanPartBegin(count, streams, i + 1) - begin);
  };
  for (int i = 0; i < streams; ++i) {
    part_counts[i] = Count(part(i));
    for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) counts[symbol] += part_counts[i][symbol];
  }
  if (counts[symbols[0]] == count) return {static_cast<char>(HuffmanMode::kSingle), static_cast<char>(symbols[0])};

  HuffmanCodeLengths lengths = {};
  const std::vector<uint8_t> optimal = HuffmanLengths(counts, kHuffmanMaximumLength);
  std::copy(optimal.begin(), optimal.end(), lengths.begin());
  std::array<int64_t, kHuffmanMaximumStreams> bits, bytes;
  for (int i = 0; i < streams; ++i) {
    bits[i] = CodedBits(part_counts[i], lengths);
    bytes[i] = (bits[i] + 7) / 8;
  }
  BitWriter head;
  head.Write(static_cast<uint32_t>(streams == 1 ? HuffmanMode::kOneStream : HuffmanMode::kManyStreams), 2);
  WriteHuffmanCodeLengths(lengths, &head);
  if (streams > 1) WriteHuffmanStreamSizes(absl::MakeSpan(bytes).subspan(1, streams - 1), &head);

  bytes[0] = (head.bits() + bits[0] + 7) / 8;
  int64_t size = 0;
  for (int i = 0; i < streams; ++i) size += bytes[i];
  if (size > count) {
    std::string raw(1, static_cast<char>(HuffmanMode::kRaw));
    raw.append(reinterpret_cast<const char*>(symbols.data()), symbols.size());
    return raw;
  }
  const std::array<uint16_t, kHuffmanSymbols> codes = CanonicalCodes(lengths);
  EncodeTable table;
  for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) table[symbol] = codes[symbol] << 4 | lengths[symbol];
  std::string block(size + 8, '\0');
  std::copy(head.bytes().begin(), head.bytes().end(), block.begin());
  int64_t begin = 0;
  for (int i = 0; i < streams; ++i) {
    WriteStream(part(i), table, 8 * (begin + bytes[i]) - bits[i], block.data());
    begin += bytes[i];
  }
  block.resize(size);
  return block;
}

}  // namespace espalier
