// What each byte of a package file is for, and what Deep Compression's tables say of its tensors.
#ifndef ESPALIER_COMPRESSION_PACKAGE_LEDGER_H_
#define ESPALIER_COMPRESSION_PACKAGE_LEDGER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/status.h"
#include "proto/package.pb.h"

namespace espalier {

// Bytes of a tensor's section by purpose; they sum to the section.
struct LedgerBytes {
  int64_t values = 0;       // codes of shared values, integers, sparse floats
  int64_t indices = 0;      // gaps between them
  int64_t padding = 0;      // of codes and gaps, what entries cost that only bridge long gaps
  int64_t codebook = 0;     // shared values, or the scales of integers
  int64_t code_tables = 0;  // of Huffman codes
  int64_t dense = 0;        // floats of which each is stored, and constants
  int64_t overhead = 0;     // kind, coding, sizes of streams

  int64_t sum() const { return values + indices + padding + codebook + code_tables + dense + overhead; }
  void Add(const LedgerBytes& other);
};

struct LedgerRow {
  std::string tensor;
  std::string kind;  // "constant", "floats", "shared", "integers"
  bool is_state = false;
  int64_t elements = 0;
  int64_t kept = 0;           // elements that are not zero
  int64_t entries = 0;        // that are stored: those kept and the padding, or all elements
  int64_t codebook_size = 0;  // shared values, zero included
  // Bits of an entry without Huffman codes, and on average with them (code tables apart); 0 of a constant, and of the
  // indices of what is dense.
  int value_bits = 0, index_bits = 0;
  double coded_value_bits = 0, coded_index_bits = 0;
  bool column_major = false;
  LedgerBytes bytes;
  int64_t packed_bytes = 0;  // that the section would have without Huffman codes, all else equal
};

struct PackageLedger {
  PackageInfo info;
  std::vector<LedgerRow> rows;  // in the order of the file
  int64_t header_bytes = 0, checksum_bytes = 0;

  LedgerBytes Sum() const;
  int64_t file_bytes() const { return Sum().sum() + header_bytes + checksum_bytes; }
  int64_t packed_file_bytes() const;
  // Of the parameters in f32, without states.
  int64_t original_bytes() const;
};

// Reads a package's bytes and accounts for every one; errors as DecodePackage's. Of a Huffman coded stream, padding's
// share is its share of the bits under an optimal code.
absl::StatusOr<PackageLedger> ExplainPackage(absl::string_view file);

// `ledger.csv`: a header line, a line for each tensor, then lines "header", "checksum" and "total", whose bytes are the
// file's size.
std::string LedgerCsv(const PackageLedger& ledger);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_LEDGER_H_
