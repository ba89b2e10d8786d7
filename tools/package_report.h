// What a package's file consists of, as the tables of Deep Compression (Han et al. 2016) have it.
#ifndef ESPALIER_TOOLS_PACKAGE_REPORT_H_
#define ESPALIER_TOOLS_PACKAGE_REPORT_H_

#include <string>

#include "compression/package/ledger.h"

namespace espalier {

// A row for each layer: its weights, how many are kept, bits of a code and of an index without and with Huffman codes,
// and the layer's size without and with them as a share of its parameters in f32; then the file as a whole. A layer's
// running statistics count among its bytes, not among its weights.
std::string PackageTable(const PackageLedger& ledger);

// Bytes by purpose: "values 9,120, indices 8,044, ...".
std::string PackageBytes(const PackageLedger& ledger);

// "12,345 bytes, 86.4 times smaller than 1.07 MB of weights in f32".
std::string PackageSize(const PackageLedger& ledger);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_PACKAGE_REPORT_H_
