// Feeds arbitrary bytes to the Huffman decoder, and arbitrary symbols to the coder. The entry is libFuzzer's;
// huffman_fuzz_test.cc feeds mutated blocks. What must hold:
//   - nothing crashes, and a refusal says what was expected and what was found;
//   - a block is taken if and only if the plain twin takes it, and has the same symbols;
//   - decoding what was encoded gives the same symbols, in at most one byte more than they have.
#include "tests/fuzz/huffman_fuzz.h"

#include <glog/logging.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "compression/coding/huffman.h"
#include "compression/coding/testing/reference_huffman.h"

namespace espalier {

bool CheckHuffmanBlock(absl::string_view block, int64_t symbol_count) {
  // Copies of exactly these sizes, so that a sanitizer sees every byte beyond.
  const std::vector<char> bytes(block.begin(), block.end());
  std::vector<uint8_t> symbols(symbol_count), expected(symbol_count);
  block = absl::string_view(bytes.data(), bytes.size());
  const absl::Status status = HuffmanDecode(block, absl::MakeSpan(symbols));
  const absl::Status expected_status = ReferenceHuffmanDecode(block, absl::MakeSpan(expected));
  CHECK_EQ(status.ok(), expected_status.ok()) << status << "; " << expected_status;
  const absl::StatusOr<HuffmanSizes> sizes = HuffmanBlockSizes(block, symbol_count);
  if (!status.ok()) {
    CHECK(absl::IsInvalidArgument(status)) << status;
    CHECK(absl::StrContains(status.message(), "expected ") && absl::StrContains(status.message(), ", found "))
        << status;
    return false;
  }
  CHECK(symbols == expected);
  CHECK(sizes.ok()) << sizes.status();
  CHECK_EQ(sizes->table_bytes + sizes->stream_bytes, block.size());
  return true;
}

void CheckHuffmanRoundTrip(absl::Span<const uint8_t> symbols) {
  const std::string block = HuffmanEncode(symbols);
  CHECK_LE(block.size(), symbols.size() + 1);
  std::vector<uint8_t> decoded(symbols.size());
  const absl::Status status = HuffmanDecode(block, absl::MakeSpan(decoded));
  CHECK(status.ok()) << status;
  CHECK(absl::MakeConstSpan(decoded) == symbols);
}

}  // namespace espalier

// Two bytes, ten bits of them for the number of symbols and the highest for what follows: a block, or symbols to code.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  if (data[1] >= 0x80) {
    espalier::CheckHuffmanRoundTrip({data + 2, size - 2});
    return 0;
  }
  const int count = (data[0] | data[1] << 8) % 1024;
  espalier::CheckHuffmanBlock({reinterpret_cast<const char*>(data + 2), size - 2}, count);
  return 0;
}
