// A picture in a file of its own.
#ifndef ESPALIER_DATA_PICTURE_FILE_H_
#define ESPALIER_DATA_PICTURE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "data/source.h"

namespace espalier {

// Whether a file of that name counts as a picture: *.jpg, *.jpeg or *.png, and not hidden.
bool IsPictureName(const std::string& name);

// Reads and decodes a JPEG or PNG to planar RGB. JPEGs may come at reduced size as long as their shorter side stays at
// least `min_side` (0: always full size). `image` points into `scratch->picture`. Errors name the path.
absl::Status ReadPicture(const std::string& path, int min_side, ReadScratch* scratch, ImageView* image);

}  // namespace espalier

#endif  // ESPALIER_DATA_PICTURE_FILE_H_
