// How a tensor's symbols are coded in fewest bytes.
#ifndef ESPALIER_COMPRESSION_PACKAGE_SYMBOL_CODING_H_
#define ESPALIER_COMPRESSION_PACKAGE_SYMBOL_CODING_H_

#include <cstdint>
#include <vector>

#include "compression/package/symbol_block.h"

namespace espalier {

struct SymbolOptions {
  // 0: what is smallest, dense included; else sparse with so many bits, if there is any zero.
  int index_bits = 0;
  bool huffman = true;
};

struct CodedSymbols {
  BlockCoding coding;
  std::vector<CodedBlock> blocks;
};

// Codes all blocks the same way: dense, or sparse in the order and with the index bits that need fewest bytes. Tensors
// of many blocks are judged by some of them. The result depends on the symbols alone.
CodedSymbols EncodeSymbols(const uint8_t* matrix, const SymbolMatrix& shape, const SymbolOptions& options);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_SYMBOL_CODING_H_
