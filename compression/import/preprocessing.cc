#include "compression/import/preprocessing.h"

namespace espalier {
namespace {

// The shorter side before the crop. Small pictures (CIFAR's, digits) are used whole; networks of up to 256 (AlexNet's
// 227, SqueezeNet's, ResNet's 224) crop from 256, larger ones (Inception's 299) from as much in proportion.
int ResizeFor(int side) {
  if (side < 200) return side;
  return side <= 256 ? 256 : static_cast<int>((int64_t{side} * 256 + 223) / 224);
}

}  // namespace

Data PreprocessingOf(const Model& model, Preprocessing convention) {
  Data data;
  if (model.input_size() != 1 || model.input(0).dims_size() != 3) return data;
  const int channels = model.input(0).dims(0), height = model.input(0).dims(1), width = model.input(0).dims(2);
  if (channels != 3 || height != width) return data;
  Dataset* dataset = data.mutable_validation();
  ImageFolder* images = dataset->mutable_image_folder();
  images->set_size(height);
  images->set_resize(ResizeFor(height));
  Normalize* normalize = dataset->mutable_normalize();
  if (convention == Preprocessing::kCaffe) {
    for (const float mean : {104.0f, 117.0f, 123.0f}) {
      normalize->add_mean(mean);
      normalize->add_stddev(1);
    }
    normalize->set_pixel_max(255);
    normalize->set_channel_order(Normalize::BGR);
  } else {
    for (const float mean : {0.485f, 0.456f, 0.406f}) normalize->add_mean(mean);
    for (const float stddev : {0.229f, 0.224f, 0.225f}) normalize->add_stddev(stddev);
  }
  return data;
}

}  // namespace espalier
