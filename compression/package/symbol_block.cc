#include "compression/package/symbol_block.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {
namespace {

template <int kWidth>
bool IsZero(const uint8_t* symbol) {
  static constexpr uint8_t kZero[kWidth] = {};
  return std::memcmp(symbol, kZero, kWidth) == 0;
}

template <int kWidth>
void CopyColumns(const uint8_t* matrix, const SymbolMatrix& shape, int64_t begin, int64_t count, uint8_t* out) {
  int64_t row = begin % shape.rows, column = begin / shape.rows;
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(out + i * kWidth, matrix + (row * shape.columns + column) * kWidth, kWidth);
    if (++row == shape.rows) {
      row = 0;
      ++column;
    }
  }
}

template <int kWidth>
KeptSymbols FindKeptOf(const uint8_t* symbols, int64_t count) {
  KeptSymbols kept;
  uint32_t run = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* symbol = symbols + i * kWidth;
    if (IsZero<kWidth>(symbol)) {
      ++run;
      continue;
    }
    kept.runs.push_back(run);
    for (int plane = 0; plane < kWidth; ++plane) kept.planes[plane].push_back(symbol[plane]);
    run = 0;
  }
  return kept;
}

// Entry i of the planes goes to symbol Next() of the matrix.
template <int kWidth, typename NextPlace>
void Scatter(const std::vector<uint8_t>& planes, int64_t entries, NextPlace next, uint8_t* matrix) {
  for (int64_t i = 0; i < entries; ++i) {
    uint8_t* symbol = matrix + next(i) * kWidth;
    for (int plane = 0; plane < kWidth; ++plane) symbol[plane] = planes[plane * entries + i];
  }
}

// Places of entries by their gaps, row by row.
struct RowMajorPlaces {
  const uint8_t* gaps;
  int64_t place;  // of the entry before

  int64_t operator()(int64_t i) { return place += gaps[i] + 1; }
};

struct ColumnMajorPlaces {
  const uint8_t* gaps;
  int64_t rows, columns;
  int64_t row, column;  // of the entry before

  int64_t operator()(int64_t i) {
    row += gaps[i] + 1;
    if (row >= rows) {
      column += row / rows;
      row %= rows;
    }
    return row * columns + column;
  }
};

struct DensePlaces {
  int64_t begin;
  int64_t operator()(int64_t i) const { return begin + i; }
};

template <int kWidth>
void Place(const BlockView& block, const SymbolMatrix& shape, const BlockCoding& coding,
           const std::vector<uint8_t>& gaps, const std::vector<uint8_t>& planes, uint8_t* matrix) {
  if (coding.index_bits == 0) {
    Scatter<kWidth>(planes, block.entries, DensePlaces{block.begin}, matrix);
  } else if (coding.column_major) {
    // The entry before the first would stand one row above it.
    const ColumnMajorPlaces places = {gaps.data(), shape.rows, shape.columns, block.begin % shape.rows - 1,
                                      block.begin / shape.rows};
    Scatter<kWidth>(planes, block.entries, places, matrix);
  } else {
    Scatter<kWidth>(planes, block.entries, RowMajorPlaces{gaps.data(), block.begin - 1}, matrix);
  }
}

absl::Status CheckAlphabet(absl::Span<const uint8_t> symbols, int alphabet) {
  uint8_t largest = 0;
  for (uint8_t symbol : symbols) largest = std::max(largest, symbol);
  if (largest < alphabet) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected codes below ", alphabet, ", found ", largest));
}

absl::Status DecodeGaps(const BlockView& block, int index_bits, std::vector<uint8_t>* gaps) {
  gaps->resize(block.entries);
  const BlockView::Stream& stream = block.streams[0];
  RETURN_IF_ERROR(DecodeStream(stream.bytes, stream.huffman, index_bits, absl::MakeSpan(*gaps)));
  const int64_t reach = std::accumulate(gaps->begin(), gaps->end(), block.entries);
  if (reach <= block.count) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("expected entries within a block of ", block.count, " elements, found the last at ", reach));
}

}  // namespace

int64_t CodedBlock::bytes() const {
  int64_t total = 0;
  for (const SymbolStream& stream : streams) total += stream.bytes.size();
  return total;
}

void CopyInOrder(const uint8_t* matrix, const SymbolMatrix& shape, bool column_major, int64_t begin, int64_t count,
                 uint8_t* out) {
  if (!column_major) {
    std::memcpy(out, matrix + begin * shape.width, count * shape.width);
  } else if (shape.width == 1) {
    CopyColumns<1>(matrix, shape, begin, count, out);
  } else if (shape.width == 2) {
    CopyColumns<2>(matrix, shape, begin, count, out);
  } else {
    CopyColumns<4>(matrix, shape, begin, count, out);
  }
}

KeptSymbols FindKept(const uint8_t* symbols, int64_t count, int width) {
  if (width == 1) return FindKeptOf<1>(symbols, count);
  if (width == 2) return FindKeptOf<2>(symbols, count);
  CHECK_EQ(width, 4);
  return FindKeptOf<4>(symbols, count);
}

CodedBlock EncodeDense(const uint8_t* symbols, int64_t count, const SymbolMatrix& shape, bool huffman) {
  CodedBlock block;
  block.entries = count;
  std::vector<uint8_t> plane(count);
  for (int p = 0; p < shape.width; ++p) {
    for (int64_t i = 0; i < count; ++i) plane[i] = symbols[i * shape.width + p];
    block.streams.push_back(EncodeStream(plane, shape.bits, huffman));
  }
  return block;
}

CodedBlock EncodeSparse(const KeptSymbols& kept, const SymbolMatrix& shape, int index_bits, bool huffman) {
  const uint32_t largest = (1u << index_bits) - 1;
  std::vector<uint8_t> gaps;
  std::array<std::vector<uint8_t>, kMaxSymbolBytes> planes;
  gaps.reserve(kept.runs.size());
  for (size_t i = 0; i < kept.runs.size(); ++i) {
    const uint32_t fillers = kept.runs[i] >> index_bits;  // each bridges its gap and stands on a zero itself
    gaps.insert(gaps.end(), fillers, static_cast<uint8_t>(largest));
    gaps.push_back(static_cast<uint8_t>(kept.runs[i] & largest));
    for (int p = 0; p < shape.width; ++p) {
      planes[p].insert(planes[p].end(), fillers, 0);
      planes[p].push_back(kept.planes[p][i]);
    }
  }
  CodedBlock block;
  block.entries = gaps.size();
  block.streams.push_back(EncodeStream(gaps, index_bits, huffman));
  for (int p = 0; p < shape.width; ++p) block.streams.push_back(EncodeStream(planes[p], shape.bits, huffman));
  return block;
}

absl::Status DecodeBlock(const BlockView& block, const SymbolMatrix& shape, const BlockCoding& coding, int alphabet,
                         uint8_t* matrix) {
  std::vector<uint8_t> gaps, planes;
  const BlockView::Stream* stream = block.streams.data();
  if (coding.index_bits > 0) {
    RETURN_IF_ERROR(DecodeGaps(block, coding.index_bits, &gaps));
    ++stream;
  } else if (shape.width == 1) {
    const absl::Span<uint8_t> symbols(matrix + block.begin, block.count);
    RETURN_IF_ERROR(DecodeStream(stream->bytes, stream->huffman, shape.bits, symbols));
    return CheckAlphabet(symbols, alphabet);
  }
  planes.resize(block.entries * shape.width);
  for (int p = 0; p < shape.width; ++p, ++stream) {
    const absl::Span<uint8_t> plane(planes.data() + p * block.entries, block.entries);
    RETURN_IF_ERROR(DecodeStream(stream->bytes, stream->huffman, shape.bits, plane));
  }
  if (shape.width == 1) {
    RETURN_IF_ERROR(CheckAlphabet(planes, alphabet));
    Place<1>(block, shape, coding, gaps, planes, matrix);
  } else if (shape.width == 2) {
    Place<2>(block, shape, coding, gaps, planes, matrix);
  } else {
    Place<4>(block, shape, coding, gaps, planes, matrix);
  }
  return absl::OkStatus();
}

}  // namespace espalier
