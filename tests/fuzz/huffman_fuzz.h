// Properties of the Huffman coder that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_HUFFMAN_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_HUFFMAN_FUZZ_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace espalier {

// Decodes a block of supposedly `symbol_count` symbols; returns whether it was taken.
bool CheckHuffmanBlock(absl::string_view block, int64_t symbol_count);

// Encodes and decodes.
void CheckHuffmanRoundTrip(absl::Span<const uint8_t> symbols);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_HUFFMAN_FUZZ_H_
