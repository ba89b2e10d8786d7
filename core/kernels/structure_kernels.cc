#include "core/kernels/structure_kernels.h"

#include <algorithm>
#include <cstring>

#include "core/kernels/parallel.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// Below this many bytes one thread copies everything.
constexpr int64_t kSerialBytes = 65536;

const std::byte* Bytes(const void* address) { return static_cast<const std::byte*>(address); }
std::byte* Bytes(void* address) { return static_cast<std::byte*>(address); }

// Calls function(block, offset, bytes) for pieces that cover all blocks, shared among the threads by bytes.
template <typename Function>
void ForEachPiece(const Blocks& blocks, const Function& function) {
  if (blocks.bytes == 0) return;
  ParallelRanges(blocks.count * blocks.bytes, kSerialBytes / 16, kSerialBytes, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t block = begin / blocks.bytes, offset = begin % blocks.bytes;
      const int64_t bytes = std::min(end - begin, blocks.bytes - offset);
      function(block, offset, bytes);
      begin += bytes;
    }
  });
}

// A tile is square and its sides are whole cache lines: each line of memory is touched once, so that strides of powers
// of two do no harm.
template <typename T>
constexpr int64_t kTile = 64 / sizeof(T);

// Tiles are taken in panels of so many rows, whose lines follow each other in the input.
template <typename T>
constexpr int64_t kPanel = 4 * kTile<T>;

// to[r * to_stride + c] = from[c * from_stride + r] for a whole tile.
template <typename T>
void TransposeTile(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  constexpr int64_t kSide = kTile<T>;
  alignas(64) T tile[kSide][kSide];
  for (int64_t c = 0; c < kSide; ++c) std::memcpy(tile[c], from + c * from_stride, sizeof tile[c]);
  for (int64_t r = 0; r < kSide; ++r) {
    for (int64_t c = 0; c < kSide; ++c) to[r * to_stride + c] = tile[c][r];
  }
}

// The same for rows [begin, end) and all columns.
template <typename T>
void TransposeRows(const TransposePlan& plan, int64_t begin, int64_t end, const T* from, T* to) {
  const int64_t from_stride = plan.column.from_stride, to_stride = plan.row.to_stride;
  const int64_t tiled_rows = begin + (end - begin) / kTile<T> * kTile<T>;
  const int64_t tiled_columns = plan.column.size / kTile<T> * kTile<T>;
  for (int64_t c = 0; c < tiled_columns; c += kTile<T>) {
    for (int64_t r = begin; r < tiled_rows; r += kTile<T>) {
      TransposeTile(from + c * from_stride + r, from_stride, to + r * to_stride + c, to_stride);
    }
  }
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t c = r < tiled_rows ? tiled_columns : 0; c < plan.column.size; ++c) {
      to[r * to_stride + c] = from[c * from_stride + r];
    }
  }
}

// Offsets of the `index`-th position of the outer loops.
std::pair<int64_t, int64_t> OuterOffsets(const TransposePlan& plan, int64_t index) {
  int64_t from = 0, to = 0;
  for (auto dimension = plan.outer.rbegin(); dimension != plan.outer.rend(); ++dimension) {
    const int64_t position = index % dimension->size;
    index /= dimension->size;
    from += position * dimension->from_stride;
    to += position * dimension->to_stride;
  }
  return {from, to};
}

template <typename T>
void TransposeAs(const TransposePlan& plan, const void* from, void* to) {
  // One unit is a panel of one matrix.
  const int64_t panels = (plan.row.size + kPanel<T> - 1) / kPanel<T>;
  const int64_t matrices = plan.elements / (plan.row.size * plan.column.size);
  const bool serial = plan.elements < kSerialElements;
  ParallelRanges(matrices * panels, 1, serial ? matrices * panels + 1 : 0, [&](int64_t first, int64_t last) {
    for (int64_t unit = first; unit < last; ++unit) {
      const auto [from_offset, to_offset] = OuterOffsets(plan, unit / panels);
      const T* source = static_cast<const T*>(from) + from_offset;
      T* target = static_cast<T*>(to) + to_offset;
      if (plan.column.from_stride == 1) {
        std::memcpy(target, source, plan.column.size * sizeof(T));
      } else {
        const int64_t begin = unit % panels * kPanel<T>;
        TransposeRows(plan, begin, std::min(plan.row.size, begin + kPanel<T>), source, target);
      }
    }
  });
}

void CheckIndices(absl::Span<const int32_t> indices, int64_t rows) {
  uint32_t largest = 0;  // a negative index becomes a huge one
  for (int32_t index : indices) largest = std::max(largest, static_cast<uint32_t>(index));
  CHECK(indices.empty() || largest < rows)
      << "index " << static_cast<int32_t>(largest) << " of a table of " << rows << " rows";
}

template <typename T>
void GatherElements(const T* table, absl::Span<const int32_t> indices, T* to) {
  for (size_t i = 0; i < indices.size(); ++i) to[i] = table[indices[i]];
}

// How a grouped sum is split, by its sizes alone: into `groups` of consecutive indices, each summed into `copies`
// tables in turn, so that equal neighbours do not wait for each other.
struct Split {
  int64_t groups = 1, copies = 1;  // copies: a power of two
};

// Tables wider than this are split by columns instead, without scratch.
constexpr int64_t kWideRow = 32;

Split SplitOf(const GroupedSum& sum) {
  const int64_t table = sum.rows * sum.columns;
  Split split;
  if (sum.columns >= kWideRow || sum.count * sum.columns < kSerialElements) return split;
  if (table <= 65536) split.groups = 16;
  if (table <= 4096) split.copies = 4;
  return split;
}

float AsFloat(float value) { return value; }
float AsFloat(BFloat16 value) { return ToFloat(value); }
float AsFloat(Float16 value) { return ToFloat(value); }

// Adds columns [first, last) of the dy rows to the table.
template <typename T>
void AddRows(const GroupedSum& sum, const T* dy, const int32_t* indices, int64_t first, int64_t last, float* table) {
  for (int64_t i = 0; i < sum.count; ++i) {
    const T* from = dy + i * sum.columns;
    float* to = table + indices[i] * sum.columns;
    for (int64_t column = first; column < last; ++column) to[column] += AsFloat(from[column]);
  }
}

// Adds dy rows [begin, end) to `copies` tables in turn.
template <typename T>
void AddInTurn(const GroupedSum& sum, int64_t copies, const T* dy, const int32_t* indices, int64_t begin, int64_t end,
               float* tables) {
  const int64_t table = sum.rows * sum.columns;
  std::memset(tables, 0, copies * table * sizeof(float));
  for (int64_t i = begin; i < end; ++i) {
    float* to = tables + (i & (copies - 1)) * table + indices[i] * sum.columns;
    for (int64_t column = 0; column < sum.columns; ++column) to[column] += AsFloat(dy[i * sum.columns + column]);
  }
}

template <typename T>
void SumByIndexAs(const GroupedSum& sum, const T* dy, const int32_t* indices, float* scratch, float* dtable) {
  const int64_t table = sum.rows * sum.columns;
  const Split split = SplitOf(sum);
  if (split.groups == 1) {
    std::memset(dtable, 0, table * sizeof(float));
    constexpr int64_t kGrain = 16;
    ParallelRanges(sum.columns, kGrain, sum.columns < kWideRow ? sum.columns + 1 : 0,
                   [&](int64_t first, int64_t last) { AddRows(sum, dy, indices, first, last, dtable); });
    return;
  }
  ParallelRanges(split.groups, 1, 0, [&](int64_t first, int64_t last) {
    for (int64_t group = first; group < last; ++group) {
      AddInTurn(sum, split.copies, dy, indices, sum.count * group / split.groups,
                sum.count * (group + 1) / split.groups, scratch + group * split.copies * table);
    }
  });
  ParallelRanges(table, 16, kSerialElements / 16, [&](int64_t begin, int64_t end) {
    std::copy(scratch + begin, scratch + end, dtable + begin);
    for (int64_t part = 1; part < split.groups * split.copies; ++part) {
      for (int64_t i = begin; i < end; ++i) dtable[i] += scratch[part * table + i];
    }
  });
}

}  // namespace

void CopyBlocks(const Blocks& blocks, const void* from, void* to) {
  ForEachPiece(blocks, [&](int64_t block, int64_t offset, int64_t bytes) {
    std::memcpy(Bytes(to) + block * blocks.to_step + offset, Bytes(from) + block * blocks.from_step + offset, bytes);
  });
}

void ZeroBlocks(const Blocks& blocks, void* to) {
  ForEachPiece(blocks, [&](int64_t block, int64_t offset, int64_t bytes) {
    std::memset(Bytes(to) + block * blocks.to_step + offset, 0, bytes);
  });
}

TransposePlan PlanTranspose(const Shape& shape, absl::Span<const int> order) {
  std::vector<TransposePlan::Dimension> dimensions;
  TransposePlan plan;
  plan.elements = shape.elements();
  int64_t to_stride = plan.elements;
  for (int axis : order) {
    if (shape[axis] == 1 || plan.elements == 0) continue;
    to_stride /= shape[axis];
    const TransposePlan::Dimension next{shape[axis], shape.Product(axis + 1, shape.rank()), to_stride};
    if (!dimensions.empty() && dimensions.back().from_stride == next.size * next.from_stride) {
      dimensions.back() = {dimensions.back().size * next.size, next.from_stride, next.to_stride};
    } else {
      dimensions.push_back(next);
    }
  }
  if (dimensions.empty()) dimensions.push_back({1, 1, 1});
  plan.column = dimensions.back();
  dimensions.pop_back();
  if (plan.column.from_stride != 1) {
    const auto row = std::find_if(dimensions.begin(), dimensions.end(),
                                  [](const TransposePlan::Dimension& d) { return d.from_stride == 1; });
    CHECK(row != dimensions.end());
    plan.row = *row;
    dimensions.erase(row);
  }
  plan.outer = std::move(dimensions);
  return plan;
}

void Transpose(const TransposePlan& plan, size_t element_bytes, const void* from, void* to) {
  if (plan.elements == 0) return;
  switch (element_bytes) {
    case 1:
      return TransposeAs<uint8_t>(plan, from, to);
    case 2:
      return TransposeAs<uint16_t>(plan, from, to);
    case 4:
      return TransposeAs<uint32_t>(plan, from, to);
    default:
      LOG(FATAL) << "transpose of elements of " << element_bytes << " bytes";
  }
}

void Gather(const void* table, int64_t rows, int64_t row_bytes, absl::Span<const int32_t> indices, void* to) {
  const int64_t serial_below = kSerialBytes / (row_bytes + 1) + 1;
  ParallelRanges(static_cast<int64_t>(indices.size()), 64, serial_below, [&](int64_t begin, int64_t end) {
    const absl::Span<const int32_t> own = indices.subspan(begin, end - begin);
    CheckIndices(own, rows);
    if (row_bytes == 4) {
      return GatherElements(static_cast<const uint32_t*>(table), own, static_cast<uint32_t*>(to) + begin);
    }
    if (row_bytes == 2) {
      return GatherElements(static_cast<const uint16_t*>(table), own, static_cast<uint16_t*>(to) + begin);
    }
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(Bytes(to) + i * row_bytes, Bytes(table) + indices[i] * row_bytes, row_bytes);
    }
  });
}

size_t GroupedSum::ScratchBytes() const {
  const Split split = SplitOf(*this);
  return split.groups == 1 ? 0 : split.groups * split.copies * rows * columns * sizeof(float);
}

void SumByIndex(const GroupedSum& sum, DType dtype, const void* dy, const int32_t* indices, float* scratch,
                float* dtable) {
  CheckIndices(absl::MakeConstSpan(indices, sum.count), sum.rows);
  if (dtype == DType::kBF16) return SumByIndexAs(sum, static_cast<const BFloat16*>(dy), indices, scratch, dtable);
  if (dtype == DType::kF16) return SumByIndexAs(sum, static_cast<const Float16*>(dy), indices, scratch, dtable);
  SumByIndexAs(sum, static_cast<const float*>(dy), indices, scratch, dtable);
}

}  // namespace espalier
