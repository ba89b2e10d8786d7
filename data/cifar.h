// The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009).
//
//   file          = record*                   10 000 records in each original file (50 000 in CIFAR-100's train.bin)
//   CIFAR-10      record = label pixels       label: u8 below 10
//   CIFAR-100     record = coarse fine pixels coarse: u8 below 20, fine: u8 below 100
//   pixels        = 3072 bytes, [3, 32, 32]: red, green, blue planes
#ifndef ESPALIER_DATA_CIFAR_H_
#define ESPALIER_DATA_CIFAR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "data/source.h"

namespace espalier {

// data_batch_1.bin to data_batch_5.bin, or test_batch.bin, in `folder`.
absl::StatusOr<std::unique_ptr<ImageSource>> OpenCifar10(const std::string& folder, bool train);

// train.bin or test.bin in `folder`, with the 20 coarse or the 100 fine labels.
absl::StatusOr<std::unique_ptr<ImageSource>> OpenCifar100(const std::string& folder, bool train, bool coarse);

}  // namespace espalier

#endif  // ESPALIER_DATA_CIFAR_H_
