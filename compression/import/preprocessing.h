// How imported networks expect their pictures: their files do not say.
#ifndef ESPALIER_COMPRESSION_IMPORT_PREPROCESSING_H_
#define ESPALIER_COMPRESSION_IMPORT_PREPROCESSING_H_

#include "proto/data.pb.h"
#include "proto/model.pb.h"

namespace espalier {

enum class Preprocessing {
  kCaffe,        // Caffe's model zoo: channels B G R, 0 to 255, less (104, 117, 123)
  kTorchvision,  // channels R G B, (pixel / 255 - mean) / stddev with ImageNet's statistics
};

// An image folder for validation, whose pictures are resized as the convention does for the model's input and cropped
// to it. Empty for a model that does not take square pictures of three channels.
Data PreprocessingOf(const Model& model, Preprocessing convention);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_PREPROCESSING_H_
