// Pictures in FOLDER/CLASS/*.jpg, *.jpeg or *.png, decoded when they are read. Classes and files are numbered in the
// order of their names; names that begin with a dot are passed over.
#ifndef ESPALIER_DATA_IMAGE_FOLDER_H_
#define ESPALIER_DATA_IMAGE_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "data/source.h"

namespace espalier {

// JPEGs may come at reduced size as long as their shorter side stays at least `min_side` (0: always full size).
absl::StatusOr<std::unique_ptr<ImageSource>> OpenImageFolder(const std::string& folder, int min_side);

}  // namespace espalier

#endif  // ESPALIER_DATA_IMAGE_FOLDER_H_
