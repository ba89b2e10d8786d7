// The IDX format of MNIST (LeCun, Cortes, Burges), gzip or not.
//
//   file       = magic dims values
//   magic      = 0x00 0x00 type rank          type: 0x08 = unsigned byte, the only one taken here
//   dims       = rank big-endian u32
//   values     = product(dims) bytes, row-major
#ifndef ESPALIER_DATA_IDX_H_
#define ESPALIER_DATA_IDX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/source.h"

namespace espalier {

struct IdxArray {
  std::vector<int64_t> dims;
  std::vector<uint8_t> values;
};

// Reads one file whose rank must lie in [min_rank, max_rank].
absl::StatusOr<IdxArray> ReadIdx(const std::string& path, int min_rank, int max_rank);

// Images [N, H, W] or [N, C, H, W] with labels [N], each below `classes`.
absl::StatusOr<std::unique_ptr<ImageSource>> OpenIdx(const std::string& images_path, const std::string& labels_path,
                                                     int classes);

// The two MNIST files of one split in `folder`, under their original names, with or without ".gz".
absl::StatusOr<std::unique_ptr<ImageSource>> OpenMnist(const std::string& folder, bool train);

}  // namespace espalier

#endif  // ESPALIER_DATA_IDX_H_
