// The plain twin of HuffmanDecode: bit by bit, as the code is defined.
#ifndef ESPALIER_COMPRESSION_CODING_TESTING_REFERENCE_HUFFMAN_H_
#define ESPALIER_COMPRESSION_CODING_TESTING_REFERENCE_HUFFMAN_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace espalier {

// Takes and refuses the same blocks as HuffmanDecode, and fills in the same symbols.
absl::Status ReferenceHuffmanDecode(absl::string_view block, absl::Span<uint8_t> symbols);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_CODING_TESTING_REFERENCE_HUFFMAN_H_
