// Networks as the authors of Deep Compression published them (Han, Mao, Dally, ICLR 2016): `.net` files, pruned and
// with shared weights, not Huffman coded. The file says nothing of itself: the model must be known. All numbers are
// little-endian; L layers with weights (convolutions and dense layers, each with a bias) come in the model's order.
//
//   file     = counts layer{L}
//   counts   = u32{L}                entries n stored for each layer
//   layer    = codebook bias codes gaps
//   codebook = f32{2^b}              b = 8 for a convolution, 4 for a dense layer; the first is 0
//   bias     = f32{outputs}
//   codes    = bits, b for each entry, packed into ceil(n b / 8) bytes, the first in the lowest bits
//   gaps     = 4 bits for each entry, packed alike: zeros between the entry before and this one
//
// The layer's weights are one row of numbers, [outputs, inputs / groups, kernel rows, kernel columns]: entry i stands
// at sum(gap_j + 1, j <= i) - 1 and has the value codebook[code]. An entry of code 0 is a filler, where a run of zeros
// is longer than a gap can say.
#ifndef ESPALIER_COMPRESSION_IMPORT_HAN2016_H_
#define ESPALIER_COMPRESSION_IMPORT_HAN2016_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compression/import/import_target.h"
#include "compression/package/package.h"

namespace espalier {

// Where a layer's bytes are.
struct Han2016Layer {
  std::string name;
  int64_t weights = 0;  // dense count
  int64_t entries = 0;  // stored, fillers included
  int64_t fillers = 0;
  uint64_t codebook_bytes = 0, bias_bytes = 0, code_bytes = 0, gap_bytes = 0;

  uint64_t bytes() const { return codebook_bytes + bias_bytes + code_bytes + gap_bytes; }
};

struct Han2016File {
  Package package;  // weights as SharedValues, without codebook entries that no weight has; biases in f32
  uint64_t header_bytes = 0;
  std::vector<Han2016Layer> layers;  // with header_bytes, their bytes are all of the file's
};

// Errors are DataLoss, and name `path`, the byte or the layer, what was expected and what was found;
// InvalidArgument, if the target has layers that the format cannot hold.
absl::StatusOr<Han2016File> ReadHan2016(absl::string_view bytes, const std::string& path, ImportTarget target);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_HAN2016_H_
