#include "compression/package/symbol_coding.h"

#include <algorithm>

#include "core/kernels/parallel.h"

namespace espalier {
namespace {

// Blocks that a tensor is judged by.
constexpr int64_t kSampledBlocks = 4;

class SymbolEncoder {
 public:
  SymbolEncoder(const uint8_t* matrix, const SymbolMatrix& shape, bool huffman)
      : matrix_(matrix), shape_(shape), huffman_(huffman) {}

  int64_t blocks() const { return (shape_.count() + kBlockSymbols - 1) / kBlockSymbols; }

  std::vector<uint8_t> Symbols(int64_t block, bool column_major) const {
    std::vector<uint8_t> symbols(CountOf(block) * shape_.width);
    CopyInOrder(matrix_, shape_, column_major, block * kBlockSymbols, CountOf(block), symbols.data());
    return symbols;
  }

  KeptSymbols Kept(int64_t block, bool column_major) const {
    return FindKept(Symbols(block, column_major).data(), CountOf(block), shape_.width);
  }

  CodedBlock Encode(int64_t block, const BlockCoding& coding) const {
    if (coding.index_bits > 0)
      return EncodeSparse(Kept(block, coding.column_major), shape_, coding.index_bits, huffman_);
    return EncodeDense(matrix_ + block * kBlockSymbols * shape_.width, CountOf(block), shape_, huffman_);
  }

  // Bytes that each candidate needs for the block.
  std::vector<int64_t> Sizes(int64_t block, absl::Span<const BlockCoding> candidates) const {
    KeptSymbols kept[2];
    bool found[2] = {false, false};
    std::vector<int64_t> sizes;
    for (const BlockCoding& coding : candidates) {
      if (coding.index_bits == 0) {
        sizes.push_back(Encode(block, coding).bytes());
        continue;
      }
      if (!found[coding.column_major]) kept[coding.column_major] = Kept(block, coding.column_major);
      found[coding.column_major] = true;
      sizes.push_back(EncodeSparse(kept[coding.column_major], shape_, coding.index_bits, huffman_).bytes());
    }
    return sizes;
  }

 private:
  int64_t CountOf(int64_t block) const { return std::min(kBlockSymbols, shape_.count() - block * kBlockSymbols); }

  const uint8_t* const matrix_;
  const SymbolMatrix shape_;
  const bool huffman_;
};

bool HasZero(const uint8_t* matrix, const SymbolMatrix& shape) {
  for (int64_t i = 0; i < shape.count(); ++i) {
    const uint8_t* symbol = matrix + i * shape.width;
    if (std::all_of(symbol, symbol + shape.width, [](uint8_t byte) { return byte == 0; })) return true;
  }
  return false;
}

std::vector<BlockCoding> Candidates(const SymbolMatrix& shape, bool has_zero, int index_bits) {
  std::vector<BlockCoding> candidates;
  if (index_bits == 0 || !has_zero) candidates.push_back({});
  if (!has_zero) return candidates;
  for (int bits = 2; bits <= kMaxIndexBits; ++bits) {
    if (index_bits != 0 && bits != index_bits) continue;
    candidates.push_back({bits, false});
    if (shape.rows > 1 && shape.columns > 1) candidates.push_back({bits, true});
  }
  return candidates;
}

BlockCoding Choose(const SymbolEncoder& encoder, absl::Span<const BlockCoding> candidates) {
  if (candidates.size() == 1) return candidates[0];
  const int64_t samples = std::min(kSampledBlocks, encoder.blocks());
  std::vector<std::vector<int64_t>> sizes(samples);
  ParallelRanges(samples, 1, 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sizes[i] = encoder.Sizes(encoder.blocks() * i / samples, candidates);
  });
  std::vector<int64_t> totals(candidates.size());
  for (const std::vector<int64_t>& of_block : sizes) {
    for (size_t i = 0; i < totals.size(); ++i) totals[i] += of_block[i];
  }
  return candidates[std::min_element(totals.begin(), totals.end()) - totals.begin()];
}

}  // namespace

CodedSymbols EncodeSymbols(const uint8_t* matrix, const SymbolMatrix& shape, const SymbolOptions& options) {
  const SymbolEncoder encoder(matrix, shape, options.huffman);
  CodedSymbols coded;
  coded.coding = Choose(encoder, Candidates(shape, HasZero(matrix, shape), options.index_bits));
  coded.blocks.resize(encoder.blocks());
  ParallelRanges(encoder.blocks(), 1, 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) coded.blocks[i] = encoder.Encode(i, coded.coding);
  });
  return coded;
}

}  // namespace espalier
