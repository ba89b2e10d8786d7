#include "compression/package/ledger.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "compression/coding/huffman.h"
#include "compression/package/package_file.h"
#include "compression/package/package_layout.h"
#include "core/files/csv.h"
#include "core/kernels/parallel.h"

namespace espalier {
namespace {

constexpr int kCodeLength = 11;  // the longest that Huffman blocks have

// A section's blocks, accounted for.
struct StreamSums {
  int64_t kept = 0, entries = 0;
  int64_t value_bytes = 0, index_bytes = 0;  // without tables, padding included
  int64_t value_padding = 0, index_padding = 0;
  int64_t table_bytes = 0;
  int64_t packed_bytes = 0;

  void Add(const StreamSums& other) {
    kept += other.kept;
    entries += other.entries;
    value_bytes += other.value_bytes;
    index_bytes += other.index_bytes;
    value_padding += other.value_padding;
    index_padding += other.index_padding;
    table_bytes += other.table_bytes;
    packed_bytes += other.packed_bytes;
  }
};

// The share of `bytes` that `count` of the symbols, all of them `symbol`, take.
int64_t ShareOf(uint8_t symbol, int64_t count, absl::Span<const uint8_t> symbols, bool huffman, int64_t bytes) {
  if (count == 0) return 0;
  if (!huffman) return bytes * count / static_cast<int64_t>(symbols.size());
  std::array<uint64_t, 256> counts = {};
  for (uint8_t s : symbols) ++counts[s];
  const std::vector<uint8_t> lengths = HuffmanLengths(counts, kCodeLength);
  int64_t bits = 0;
  for (size_t s = 0; s < counts.size(); ++s) bits += static_cast<int64_t>(counts[s]) * lengths[s];
  return bits == 0 ? 0 : bytes * (count * lengths[symbol]) / bits;
}

absl::StatusOr<StreamSums> Account(const SectionLayout& section, const BlockView& block) {
  StreamSums sums;
  sums.entries = block.entries;
  const int streams = section.coding.streams(section.matrix.width), index_bits = section.coding.index_bits;
  std::vector<std::vector<uint8_t>> symbols(streams, std::vector<uint8_t>(block.entries));
  std::vector<uint8_t> any(block.entries);  // not zero where some byte of the entry's symbol is not
  for (int i = 0; i < streams; ++i) {
    const bool gaps = i == 0 && index_bits > 0;
    const BlockView::Stream& stream = block.streams[i];
    const int bits = gaps ? index_bits : section.matrix.bits;
    RETURN_IF_ERROR(DecodeStream(stream.bytes, stream.huffman, bits, absl::MakeSpan(symbols[i])));
    sums.packed_bytes += PackedBytes(block.entries, bits);
    if (gaps) continue;
    for (int64_t e = 0; e < block.entries; ++e) any[e] |= symbols[i][e];
  }
  const int64_t zeros = std::count(any.begin(), any.end(), 0);
  sums.kept = block.entries - zeros;
  const auto largest_gap = static_cast<uint8_t>((1 << index_bits) - 1);
  int64_t bridges = 0;  // zeros with the largest gap; no writer has others among its entries, but a file may
  for (int64_t e = 0; index_bits > 0 && e < block.entries; ++e) bridges += any[e] == 0 && symbols[0][e] == largest_gap;
  for (int i = 0; i < streams; ++i) {
    const bool gaps = i == 0 && index_bits > 0;
    const BlockView::Stream& stream = block.streams[i];
    int64_t bytes = static_cast<int64_t>(stream.bytes.size());
    if (stream.huffman) {
      ASSIGN_OR_RETURN(const HuffmanSizes sizes, HuffmanBlockSizes(stream.bytes, block.entries));
      sums.table_bytes += sizes.table_bytes;
      bytes = sizes.stream_bytes;
    }
    (gaps ? sums.index_bytes : sums.value_bytes) += bytes;
    if (index_bits == 0) continue;
    (gaps ? sums.index_padding : sums.value_padding) +=
        gaps ? ShareOf(largest_gap, bridges, symbols[i], stream.huffman, bytes)
             : ShareOf(0, zeros, symbols[i], stream.huffman, bytes);
  }
  return sums;
}

absl::StatusOr<StreamSums> AccountAll(const SectionLayout& section) {
  const int64_t count = static_cast<int64_t>(section.blocks.size());
  std::vector<absl::StatusOr<StreamSums>> parts(count, StreamSums());
  ParallelRanges(count, 1, 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) parts[i] = Account(section, section.blocks[i]);
  });
  StreamSums sums;
  for (const absl::StatusOr<StreamSums>& part : parts) {
    RETURN_IF_ERROR(part.status());
    sums.Add(*part);
  }
  return sums;
}

const char* KindName(SectionKind kind) {
  switch (kind) {
    case SectionKind::kConstant:
      return "constant";
    case SectionKind::kFloats:
      return "floats";
    case SectionKind::kShared:
      return "shared";
    default:
      return "integers";
  }
}

absl::StatusOr<LedgerRow> RowOf(const SectionLayout& section) {
  LedgerRow row;
  row.tensor = section.tensor.name;
  row.kind = KindName(section.kind);
  row.is_state = section.tensor.is_state;
  row.elements = section.tensor.shape.elements();
  row.bytes.overhead = section.overhead_bytes();
  if (section.kind == SectionKind::kConstant) {
    row.kept = section.values[0] == 0 ? 0 : row.elements;
    row.bytes.dense = section.value_bytes;
    row.packed_bytes = section.bytes;
    return row;
  }
  ASSIGN_OR_RETURN(const StreamSums sums, AccountAll(section));
  row.kept = sums.kept;
  row.entries = sums.entries;
  row.codebook_size = section.kind == SectionKind::kShared ? static_cast<int64_t>(section.values.size()) : 0;
  row.value_bits = section.matrix.bits * section.matrix.width;
  row.index_bits = section.coding.index_bits;
  row.column_major = section.coding.column_major;
  if (row.entries > 0) {
    row.coded_value_bits = 8.0 * static_cast<double>(sums.value_bytes) / static_cast<double>(row.entries);
    row.coded_index_bits = 8.0 * static_cast<double>(sums.index_bytes) / static_cast<double>(row.entries);
  }
  row.bytes.codebook = section.value_bytes;
  row.bytes.code_tables = sums.table_bytes;
  row.bytes.padding = sums.value_padding + sums.index_padding;
  row.bytes.indices = sums.index_bytes - sums.index_padding;
  const bool dense = section.kind == SectionKind::kFloats && row.index_bits == 0;
  (dense ? row.bytes.dense : row.bytes.values) = sums.value_bytes - sums.value_padding;
  row.packed_bytes = section.bytes - section.stream_bytes + sums.packed_bytes;
  return row;
}

std::string BytesCsv(const LedgerBytes& bytes, int64_t sum, int64_t packed) {
  return absl::StrJoin({bytes.values, bytes.indices, bytes.padding, bytes.codebook, bytes.code_tables, bytes.dense,
                        bytes.overhead, sum, packed},
                       ",");
}

}  // namespace

void LedgerBytes::Add(const LedgerBytes& other) {
  values += other.values;
  indices += other.indices;
  padding += other.padding;
  codebook += other.codebook;
  code_tables += other.code_tables;
  dense += other.dense;
  overhead += other.overhead;
}

LedgerBytes PackageLedger::Sum() const {
  LedgerBytes sum;
  for (const LedgerRow& row : rows) sum.Add(row.bytes);
  return sum;
}

int64_t PackageLedger::packed_file_bytes() const {
  int64_t total = header_bytes + checksum_bytes;
  for (const LedgerRow& row : rows) total += row.packed_bytes;
  return total;
}

int64_t PackageLedger::original_bytes() const {
  int64_t elements = 0;
  for (const LedgerRow& row : rows) elements += row.is_state ? 0 : row.elements;
  return elements * static_cast<int64_t>(sizeof(float));
}

absl::StatusOr<PackageLedger> ExplainPackage(absl::string_view file) {
  RETURN_IF_ERROR(DecodePackage(file).status());  // accounts are of sound files alone
  ASSIGN_OR_RETURN(PackageLayout layout, ReadLayout(file));
  PackageLedger ledger;
  ledger.info = std::move(layout.info);
  ledger.header_bytes = layout.header_bytes;
  ledger.checksum_bytes = kChecksumBytes;
  for (const SectionLayout& section : layout.sections) {
    absl::StatusOr<LedgerRow> row = RowOf(section);
    if (!row.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(section.tensor.name, ": ", row.status().message()));
    }
    ledger.rows.push_back(*std::move(row));
  }
  return ledger;
}

std::string LedgerCsv(const PackageLedger& ledger) {
  std::string csv =
      "tensor,kind,elements,kept,kept_percent,entries,codebook_size,value_bits,value_bits_huffman,index_bits,"
      "index_bits_huffman,order,values_bytes,indices_bytes,padding_bytes,codebook_bytes,code_tables_bytes,dense_bytes,"
      "overhead_bytes,bytes,bytes_without_huffman\n";
  for (const LedgerRow& row : ledger.rows) {
    const char* order = row.index_bits == 0 ? "" : row.column_major ? "columns" : "rows";
    absl::StrAppend(&csv, CsvCell(row.tensor), ",", row.kind, ",", row.elements, ",", row.kept, ",");
    absl::StrAppendFormat(&csv, "%.3f,%d,%d,%d,%.3f,%d,%.3f,%s,",
                          100.0 * static_cast<double>(row.kept) / static_cast<double>(row.elements), row.entries,
                          row.codebook_size, row.value_bits, row.coded_value_bits, row.index_bits, row.coded_index_bits,
                          order);
    absl::StrAppend(&csv, BytesCsv(row.bytes, row.bytes.sum(), row.packed_bytes), "\n");
  }
  const std::string blanks = ",,,,,,,,,,,,";  // between the first column and the bytes
  LedgerBytes header, checksum, total = ledger.Sum();
  header.overhead = ledger.header_bytes;
  checksum.overhead = ledger.checksum_bytes;
  total.overhead += header.overhead + checksum.overhead;
  absl::StrAppend(&csv, "header", blanks, BytesCsv(header, header.sum(), header.sum()), "\n");
  absl::StrAppend(&csv, "checksum", blanks, BytesCsv(checksum, checksum.sum(), checksum.sum()), "\n");
  absl::StrAppend(&csv, "total", blanks, BytesCsv(total, total.sum(), ledger.packed_file_bytes()), "\n");
  return csv;
}

}  // namespace espalier
