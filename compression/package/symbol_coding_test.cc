#include "compression/package/symbol_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "compression/coding/huffman.h"
#include "core/random.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<uint8_t> RandomSymbols(const SymbolMatrix& shape, double density, Random* random) {
  std::vector<uint8_t> symbols(shape.count() * shape.width);
  for (int64_t i = 0; i < shape.count(); ++i) {
    if (random->Uniform() >= density) continue;
    for (int p = 0; p < shape.width; ++p) {
      symbols[i * shape.width + p] = static_cast<uint8_t>(random->Below(1 << shape.bits));
    }
  }
  return symbols;
}

BlockView View(const CodedBlock& block, int64_t begin, int64_t count) {
  BlockView view;
  view.begin = begin;
  view.count = count;
  view.entries = block.entries;
  for (size_t i = 0; i < block.streams.size(); ++i)
    view.streams[i] = {block.streams[i].huffman, block.streams[i].bytes};
  return view;
}

absl::Status Decode(const CodedSymbols& coded, const SymbolMatrix& shape, int alphabet, std::vector<uint8_t>* matrix) {
  matrix->assign(shape.count() * shape.width, 0);
  for (size_t i = 0; i < coded.blocks.size(); ++i) {
    const int64_t begin = static_cast<int64_t>(i) * kBlockSymbols;
    const BlockView view = View(coded.blocks[i], begin, std::min(kBlockSymbols, shape.count() - begin));
    if (absl::Status status = DecodeBlock(view, shape, coded.coding, alphabet, matrix->data()); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

// The plain twin of DecodeBlock: an entry at a time, bit by bit, its place by divisions.
std::vector<uint8_t> DecodePlain(const CodedSymbols& coded, const SymbolMatrix& shape) {
  std::vector<uint8_t> matrix(shape.count() * shape.width);
  for (size_t b = 0; b < coded.blocks.size(); ++b) {
    const CodedBlock& block = coded.blocks[b];
    std::vector<std::vector<uint8_t>> rows;
    for (size_t i = 0; i < block.streams.size(); ++i) {
      const bool gaps = i == 0 && coded.coding.index_bits > 0;
      rows.emplace_back(block.entries);
      if (block.streams[i].huffman) {
        EXPECT_TRUE(HuffmanDecode(block.streams[i].bytes, absl::MakeSpan(rows.back())).ok());
      } else {
        UnpackSymbolsPlain(block.streams[i].bytes, gaps ? coded.coding.index_bits : shape.bits,
                           absl::MakeSpan(rows.back()));
      }
    }
    int64_t place = static_cast<int64_t>(b) * kBlockSymbols - 1;
    for (int64_t e = 0; e < block.entries; ++e) {
      place += coded.coding.index_bits > 0 ? rows[0][e] + 1 : 1;
      const int64_t element =
          coded.coding.column_major ? place % shape.rows * shape.columns + place / shape.rows : place;
      for (int p = 0; p < shape.width; ++p) {
        matrix[element * shape.width + p] = rows[rows.size() - shape.width + p][e];
      }
    }
  }
  return matrix;
}

// EIE's example (Han et al. 2016, section III): 4-bit gaps, and a run of 18 zeros that needs an entry to bridge it.
TEST(SymbolCodingTest, LongRunsAreBridged) {
  std::vector<uint8_t> column = {0, 0, 1, 2};
  column.resize(4 + 18, 0);
  column.push_back(3);
  const SymbolMatrix shape = {1, static_cast<int64_t>(column.size()), 1, 2};
  const CodedBlock block = EncodeSparse(FindKept(column.data(), shape.count(), 1), shape, 4, false);
  ASSERT_EQ(block.entries, 4);
  std::vector<uint8_t> gaps(4), codes(4);
  UnpackSymbolsPlain(block.streams[0].bytes, 4, absl::MakeSpan(gaps));
  UnpackSymbolsPlain(block.streams[1].bytes, 2, absl::MakeSpan(codes));
  EXPECT_THAT(gaps, ElementsAre(2, 0, 15, 2));
  EXPECT_THAT(codes, ElementsAre(1, 2, 0, 3));
}

TEST(SymbolCodingTest, PackedSymbolsComeBack) {
  for (int bits = 0; bits <= 8; ++bits) {
    for (int count = 0; count < 40; ++count) {
      Random random(1, "packed", bits, count);
      std::vector<uint8_t> symbols(count), fast(count), plain(count);
      for (uint8_t& symbol : symbols) symbol = static_cast<uint8_t>(random.Below(1 << bits));
      const std::string bytes = PackSymbols(symbols, bits);
      ASSERT_EQ(static_cast<int64_t>(bytes.size()), PackedBytes(count, bits));
      UnpackSymbols(bytes, bits, absl::MakeSpan(fast));
      UnpackSymbolsPlain(bytes, bits, absl::MakeSpan(plain));
      EXPECT_EQ(fast, symbols);
      EXPECT_EQ(plain, symbols);
    }
  }
}

TEST(SymbolCodingTest, EveryCodingGivesTheSymbolsBack) {
  for (int i = 0; i < 400; ++i) {
    Random random(1, "symbols", 0, i);
    SymbolMatrix shape;
    shape.rows = 1 + random.Below(300);
    shape.columns = 1 + random.Below(40);
    shape.width = 1 << random.Below(3);
    if (shape.width == 1) shape.bits = 1 + random.Below(8);
    const double density = random.Uniform() < 0.5 ? random.Uniform() : 0.02 * random.Uniform();
    const std::vector<uint8_t> symbols = RandomSymbols(shape, density, &random);
    SymbolOptions options;
    options.index_bits = i % 2 == 0 ? 0 : 2 + random.Below(7);
    options.huffman = random.Below(2) == 1;
    const CodedSymbols coded = EncodeSymbols(symbols.data(), shape, options);
    std::vector<uint8_t> decoded;
    ASSERT_TRUE(Decode(coded, shape, 256, &decoded).ok());
    ASSERT_EQ(decoded, symbols) << shape.rows << "x" << shape.columns << " width " << shape.width;
    ASSERT_EQ(DecodePlain(coded, shape), symbols);
  }
}

TEST(SymbolCodingTest, BlocksJoinWithoutASeam) {
  const SymbolMatrix shape = {1023, 2100, 1, 4};  // three blocks, none of which ends with a row or a column
  Random random(1, "blocks", 0, 0);
  const std::vector<uint8_t> symbols = RandomSymbols(shape, 0.1, &random);
  for (int index_bits : {0, 3, 8}) {
    const CodedSymbols coded = EncodeSymbols(symbols.data(), shape, {index_bits, true});
    ASSERT_EQ(coded.blocks.size(), 3);
    std::vector<uint8_t> decoded;
    ASSERT_TRUE(Decode(coded, shape, 16, &decoded).ok());
    EXPECT_TRUE(decoded == symbols);
    EXPECT_TRUE(DecodePlain(coded, shape) == symbols);
  }
}

TEST(SymbolCodingTest, TheSmallestCodingIsFound) {
  const SymbolMatrix shape = {64, 200, 1, 5};
  Random random(1, "smallest", 0, 0);
  for (double density : {0.01, 0.1, 0.6, 1.0}) {
    std::vector<uint8_t> symbols = RandomSymbols(shape, density, &random);
    const CodedSymbols chosen = EncodeSymbols(symbols.data(), shape, {});
    for (int index_bits = 2; index_bits <= 8; ++index_bits) {
      const KeptSymbols kept = FindKept(symbols.data(), shape.count(), 1);
      EXPECT_LE(chosen.blocks[0].bytes(), EncodeSparse(kept, shape, index_bits, true).bytes());
    }
    EXPECT_LE(chosen.blocks[0].bytes(), EncodeDense(symbols.data(), shape.count(), shape, true).bytes());
    EXPECT_EQ(chosen.coding.index_bits == 0, density > 0.5) << density;
  }
}

TEST(SymbolCodingTest, EntriesBehindTheEndAreRefused) {
  const SymbolMatrix shape = {4, 5, 1, 2};
  std::vector<uint8_t> symbols(20);
  symbols[19] = 3;
  const CodedBlock block = EncodeSparse(FindKept(symbols.data(), 20, 1), shape, 5, false);
  std::vector<uint8_t> decoded(20);
  EXPECT_TRUE(DecodeBlock(View(block, 0, 20), shape, {5, false}, 4, decoded.data()).ok());
  EXPECT_EQ(decoded, symbols);
  const absl::Status status = DecodeBlock(View(block, 0, 19), shape, {5, false}, 4, decoded.data());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("expected entries within a block of 19 elements, found the last at 20"));
}

TEST(SymbolCodingTest, CodesOutsideTheCodebookAreRefused) {
  const SymbolMatrix shape = {1, 4, 1, 2};
  const std::vector<uint8_t> symbols = {0, 3, 0, 1};
  std::vector<uint8_t> decoded;
  for (int index_bits : {0, 2}) {
    CodedSymbols coded;
    coded.coding.index_bits = index_bits;
    coded.blocks.push_back(index_bits == 0 ? EncodeDense(symbols.data(), 4, shape, false)
                                           : EncodeSparse(FindKept(symbols.data(), 4, 1), shape, 2, false));
    EXPECT_TRUE(Decode(coded, shape, 4, &decoded).ok());
    EXPECT_THAT(std::string(Decode(coded, shape, 3, &decoded).message()), HasSubstr("expected codes below 3, found 3"));
  }
}

}  // namespace
}  // namespace espalier
