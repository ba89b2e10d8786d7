#include "compression/coding/huffman_block.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier {
namespace {

constexpr int kModeBits = 2;
constexpr int kLengthBits = 4;
constexpr int kFirstPrevious = 5;
constexpr uint32_t kWhole = 1 << kHuffmanMaximumLength;  // the sum of 2^-length of a complete code, in units of 2^-11

template <typename... Args>
absl::Status Wrong(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat("Huffman block: expected ", args...));
}

// `value` >= 1: as many ones as it has bits behind the first, a zero, and those bits.
void WriteGamma(uint32_t value, BitWriter* out) {
  int bits = 0;
  while (value >> (bits + 1) != 0) ++bits;
  for (int i = 0; i < bits; ++i) out->Write(1, 1);
  out->Write(0, 1);
  out->Write(value, bits);
}

uint32_t ReadGamma(BitReader* in) {
  int bits = 0;
  while (bits < 31 && in->Read(1) != 0) ++bits;
  return 1u << bits | in->Read(bits);
}

int ReadOnes(int limit, BitReader* in) {
  int ones = 0;
  while (ones < limit && in->Read(1) != 0) ++ones;
  return ones;
}

absl::Status ReadCodeLengths(BitReader* in, HuffmanCodeLengths* lengths) {
  uint32_t sum = 0;
  int previous = kFirstPrevious;
  for (uint32_t symbol = 0; sum < kWhole;) {
    const int ones = ReadOnes(4, in);
    if (ones == 2) {
      const uint32_t run = ReadGamma(in);
      if (in->overrun() || run >= kHuffmanSymbols - symbol) {
        return Wrong("code lengths of up to 256 symbols, found symbol ", symbol, " and then ", run, " unused ones");
      }
      symbol += run;
      continue;
    }
    int length = previous;
    if (ones == 4) {
      length = in->Read(kLengthBits);
    } else if (ones > 0) {
      const int step = ones == 1 ? 1 : 2;
      length += in->Read(1) != 0 ? step : -step;
    }
    if (in->overrun()) return Wrong("code lengths that sum to a whole code, found the end after symbol ", symbol);
    if (symbol >= kHuffmanSymbols) return Wrong("code lengths of 256 symbols at most, found more");
    if (length < 1 || length > kHuffmanMaximumLength) {
      return Wrong("code lengths from 1 to ", kHuffmanMaximumLength, ", found ", length, " for symbol ", symbol);
    }
    sum += kWhole >> length;
    (*lengths)[symbol++] = previous = length;
  }
  if (sum != kWhole) return Wrong("code lengths whose 2^-length sum to 1, found ", sum, "/", kWhole);
  return absl::OkStatus();
}

absl::Status ReadStreamSizes(absl::string_view block, BitReader* in, HuffmanHead* head) {
  const int width = in->Read(6);
  if (width > 48) return Wrong("stream lengths of at most 48 bits, found ", width);
  std::array<int64_t, kHuffmanMaximumStreams> sizes = {};
  int64_t sum = 0;
  for (int i = 1; i < head->streams; ++i) {
    const int low = width < 24 ? width : 24;
    sizes[i] = in->Read(low);
    sizes[i] |= static_cast<int64_t>(in->Read(width - low)) << low;
    sum += sizes[i];
  }
  if (in->overrun()) return Wrong("lengths of ", head->streams, " streams, found the end");
  const int64_t own = (in->bits() + 7) / 8;
  const int64_t size = block.size();
  if (sum > size - own) return Wrong("streams of at most ", size - own, " bytes, found ", sum);
  head->byte_ends[0] = size - sum;
  for (int i = 1; i < head->streams; ++i) head->byte_ends[i] = head->byte_ends[i - 1] + sizes[i];
  return absl::OkStatus();
}

}  // namespace

void WriteHuffmanCodeLengths(const HuffmanCodeLengths& lengths, BitWriter* out) {
  uint32_t sum = 0;
  int previous = kFirstPrevious;
  for (int symbol = 0; sum < kWhole;) {
    int run = 0;
    while (lengths[symbol + run] == 0) ++run;
    if (run > 0) {
      out->Write(0b011, 3);
      WriteGamma(run, out);
      symbol += run;
    }
    const int length = lengths[symbol];
    const int step = length - previous;
    if (step == 0) {
      out->Write(0, 1);
    } else if (std::abs(step) == 1) {
      out->Write(0b01 | (step > 0) << 2, 3);
    } else if (std::abs(step) == 2) {
      out->Write(0b0111 | (step > 0) << 4, 5);
    } else {
      out->Write(0b1111, 4);
      out->Write(length, kLengthBits);
    }
    sum += kWhole >> length;
    previous = length;
    ++symbol;
  }
}

void WriteHuffmanStreamSizes(absl::Span<const int64_t> stream_bytes, BitWriter* out) {
  int width = 0;
  for (int64_t bytes : stream_bytes) {
    while (bytes >> width != 0) ++width;
  }
  out->Write(width, 6);
  for (int64_t bytes : stream_bytes) {
    const int low = width < 24 ? width : 24;
    out->Write(bytes, low);
    out->Write(bytes >> low, width - low);
  }
}

absl::StatusOr<HuffmanHead> ReadHuffmanHead(absl::string_view block, int64_t symbol_count) {
  if (symbol_count < 0) return Wrong("a number of symbols, found ", symbol_count);
  if (symbol_count == 0) {
    if (!block.empty()) return Wrong("nothing for no symbols, found ", block.size(), " bytes");
    return HuffmanHead();
  }
  if (block.empty()) return Wrong("a block for ", symbol_count, " symbols, found nothing");
  HuffmanHead head;
  BitReader in(block);
  head.mode = static_cast<HuffmanMode>(in.Read(kModeBits));
  const int64_t size = block.size();
  if (head.mode == HuffmanMode::kRaw || head.mode == HuffmanMode::kSingle) {
    if (const int rest = in.Read(6); rest != 0) return Wrong("zeros behind the mode, found ", rest);
    const int64_t expected = head.mode == HuffmanMode::kRaw ? symbol_count : 1;
    if (size - 1 != expected) return Wrong(expected, " bytes behind the mode, found ", size - 1);
    if (head.mode == HuffmanMode::kSingle) head.symbol = in.Read(8);
    head.bits = in.bits();
    return head;
  }
  RETURN_IF_ERROR(ReadCodeLengths(&in, &head.lengths));
  head.streams = head.mode == HuffmanMode::kOneStream ? 1 : kHuffmanMaximumStreams;
  if (head.streams > 1) {
    RETURN_IF_ERROR(ReadStreamSizes(block, &in, &head));
  } else {
    head.byte_ends[0] = size;
  }
  head.bits = in.bits();
  return head;
}

std::array<uint16_t, kHuffmanSymbols> CanonicalCodes(const HuffmanCodeLengths& lengths) {
  std::array<uint16_t, kHuffmanSymbols> codes = {};
  uint32_t next = 0;
  for (int length = 1; length <= kHuffmanMaximumLength; ++length) {
    next <<= 1;
    for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) {
      if (lengths[symbol] == length) codes[symbol] = next++;
    }
  }
  return codes;
}

}  // namespace espalier
