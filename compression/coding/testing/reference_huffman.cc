#include "compression/coding/testing/reference_huffman.h"

#include <algorithm>
#include <map>
#include <utility>

#include "compression/coding/huffman_block.h"
#include "core/status.h"

namespace espalier {
namespace {

// A stream's bits from its last to its first.
class BackwardReader {
 public:
  BackwardReader(absl::string_view block, int64_t first_bit, int64_t end_bit)
      : block_(block), first_bit_(first_bit), end_bit_(end_bit) {}

  bool empty() const { return end_bit_ == first_bit_; }
  int64_t left() const { return end_bit_ - first_bit_; }
  int Next() {
    --end_bit_;
    return static_cast<uint8_t>(block_[end_bit_ / 8]) >> (end_bit_ % 8) & 1;
  }

 private:
  absl::string_view block_;
  int64_t first_bit_;
  int64_t end_bit_;
};

using SymbolOfCode = std::map<std::pair<int, int>, uint8_t>;  // by length and value

absl::Status DecodeStream(const SymbolOfCode& symbol_of_code, BackwardReader in, absl::Span<uint8_t> symbols) {
  for (auto symbol = symbols.rbegin(); symbol != symbols.rend(); ++symbol) {
    std::pair<int, int> code = {0, 0};
    auto found = symbol_of_code.end();
    while (found == symbol_of_code.end()) {
      if (in.empty()) return absl::InvalidArgumentError("expected a code, found the stream's end");
      code = {code.first + 1, 2 * code.second + in.Next()};
      found = symbol_of_code.find(code);
    }
    *symbol = found->second;
  }
  if (in.left() > 7) return absl::InvalidArgumentError("expected the stream's end, found more");
  while (!in.empty()) {
    if (in.Next() != 0) return absl::InvalidArgumentError("expected unused bits to be 0, found a 1");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReferenceHuffmanDecode(absl::string_view block, absl::Span<uint8_t> symbols) {
  ASSIGN_OR_RETURN(const HuffmanHead head, ReadHuffmanHead(block, symbols.size()));
  if (head.mode == HuffmanMode::kSingle) std::fill(symbols.begin(), symbols.end(), head.symbol);
  if (head.mode == HuffmanMode::kRaw && !block.empty()) std::copy(block.begin() + 1, block.end(), symbols.begin());
  // Codes count up; where the length grows, zeros are appended.
  SymbolOfCode symbol_of_code;
  int code = 0;
  for (int length = 1; length <= kHuffmanMaximumLength; ++length) {
    code *= 2;
    for (int symbol = 0; symbol < kHuffmanSymbols; ++symbol) {
      if (head.lengths[symbol] == length) symbol_of_code[{length, code++}] = symbol;
    }
  }
  const int64_t count = symbols.size();
  for (int i = 0; i < head.streams; ++i) {
    const int64_t begin = count * i / head.streams, end = count * (i + 1) / head.streams;
    RETURN_IF_ERROR(DecodeStream(symbol_of_code, BackwardReader(block, head.FirstBit(i), 8 * head.byte_ends[i]),
                                 symbols.subspan(begin, end - begin)));
  }
  return absl::OkStatus();
}

}  // namespace espalier
