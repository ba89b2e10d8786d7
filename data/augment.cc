#include "data/augment.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "data/color_jitter.h"

namespace espalier {
namespace {

// Of a resized picture that is absurdly longer than wide.
constexpr int64_t kLongestSide = int64_t{1} << 30;

absl::Status FieldError(const char* field, absl::string_view expected, absl::string_view found) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": expected ", expected, ", found ", found));
}

// Single fields are held to their ranges by the schema; this is what relates them.
absl::Status CheckFields(const Augment& augment, const ChannelStatistics& statistics, int channels) {
  const std::string expected = absl::StrCat(channels, " values (one per channel)");
  if (static_cast<int>(statistics.mean.size()) != channels) {
    return FieldError("normalize.mean", expected, absl::StrCat(statistics.mean.size()));
  }
  if (statistics.reversed && channels != 3) {
    return FieldError("normalize.channel_order", absl::StrCat("RGB for pictures of ", channels, " channels"), "BGR");
  }
  if (static_cast<int>(statistics.stddev.size()) != channels) {
    return FieldError("normalize.stddev", expected, absl::StrCat(statistics.stddev.size()));
  }
  const RandomResizedCrop& crop = augment.random_resized_crop();
  if (crop.min_area() > crop.max_area()) {
    return FieldError("augment.random_resized_crop", "min_area <= max_area",
                      absl::StrCat(crop.min_area(), " and ", crop.max_area()));
  }
  if (augment.has_random_crop() && augment.has_random_resized_crop()) {
    return FieldError("augment", "random_crop or random_resized_crop", "both");
  }
  return absl::OkStatus();
}

// 1 with a zero range, else uniform in [1 - range, 1 + range], not below 0.
float DrawFactor(float range, Random* random) {
  return range > 0 ? random->Uniform(std::max(0.0f, 1 - range), 1 + range) : 1;
}

bool JitterIsOn(const ColorJitter& jitter) {
  return jitter.brightness() > 0 || jitter.contrast() > 0 || jitter.saturation() > 0;
}

Box CentredSquare(int height, int width) {
  const int side = std::min(height, width);
  return {static_cast<float>((width - side) / 2), static_cast<float>((height - side) / 2), static_cast<float>(side),
          static_cast<float>(side)};
}

}  // namespace

Box DrawResizedCrop(const RandomResizedCrop& crop, int height, int width, Random* random) {
  const float area = static_cast<float>(height) * static_cast<float>(width);
  const float most_log_ratio = std::log(4.0f / 3.0f);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const float part = area * random->Uniform(crop.min_area(), crop.max_area());
    const float ratio = std::exp(random->Uniform(-most_log_ratio, most_log_ratio));
    const int w = static_cast<int>(std::lround(std::sqrt(part * ratio)));
    const int h = static_cast<int>(std::lround(std::sqrt(part / ratio)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const auto x = static_cast<float>(random->Below(width - w + 1));
    const auto y = static_cast<float>(random->Below(height - h + 1));
    return {x, y, static_cast<float>(w), static_cast<float>(h)};
  }
  return CentredSquare(height, width);
}

absl::StatusOr<Augmentation> Augmentation::Create(const Augment& augment, const ChannelStatistics& statistics,
                                                  const FolderSize& folder, const ImageSource& source, bool training) {
  Augmentation result;
  result.channels_ = source.channels();
  result.training_ = training;
  result.folder_ = folder;
  result.augment_ = augment;
  result.unit_scale_.assign(source.channels(), 1 / 255.0f);
  result.unit_shift_.assign(source.channels(), 0);
  RETURN_IF_ERROR(CheckFields(augment, statistics, source.channels()));
  result.reversed_ = statistics.reversed;
  for (int c = 0; c < source.channels(); ++c) {
    const int entry = statistics.reversed ? source.channels() - 1 - c : c;
    const double mean = statistics.mean[entry], stddev = statistics.stddev[entry];
    result.scale_.push_back(static_cast<float>(double{statistics.pixel_max} / (255 * stddev)));
    result.shift_.push_back(static_cast<float>(-mean / stddev));
  }
  // Sides before cropping; of a folder's pictures, the shorter one.
  const int height = folder.resize > 0 ? folder.resize : source.height();
  const int width = folder.resize > 0 ? folder.resize : source.width();
  result.height_ = folder.crop > 0 ? folder.crop : height;
  result.width_ = folder.crop > 0 ? folder.crop : width;
  const char* field = nullptr;
  int size = 0;
  if (augment.random_crop().has_size()) {
    field = "augment.random_crop.size";
    size = augment.random_crop().size();
  } else if (augment.random_resized_crop().has_size()) {
    field = "augment.random_resized_crop.size";
    size = augment.random_resized_crop().size();
  }
  if (field != nullptr) {
    result.height_ = result.width_ = size;
  }
  const int pad = augment.random_crop().pad();
  if (!result.resizes_box() && (result.height_ > height + 2 * pad || result.width_ > width + 2 * pad)) {
    return FieldError(field != nullptr ? field : "image_folder.size",
                      absl::StrCat("at most ", std::min(height, width) + 2 * pad, " (the picture with its padding)"),
                      absl::StrCat(result.height_));
  }
  return result;
}

Augmentation::Frame Augmentation::DrawFrame(const ImageView& image, Random* random) const {
  Frame frame{{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)}, image.height, image.width};
  if (resizes_box()) {
    frame.height = height_;
    frame.width = width_;
    frame.box = training_ ? DrawResizedCrop(augment_.random_resized_crop(), image.height, image.width, random)
                          : CentredSquare(image.height, image.width);
  } else if (folder_.resize > 0) {
    const int shorter = std::min(image.height, image.width);
    const auto scaled = [&](int side) {
      return static_cast<int>(std::min(int64_t{side} * folder_.resize / shorter, kLongestSide));
    };
    frame.height = scaled(image.height);
    frame.width = scaled(image.width);
  }
  return frame;
}

Window Augmentation::DrawWindow(const Frame& frame, Random* random) const {
  Window window;
  window.height = height_;
  window.width = width_;
  if (training_ && augment_.has_random_crop()) {
    const int pad = augment_.random_crop().pad();
    window.x = static_cast<int>(random->Below(frame.width + 2 * pad - width_ + 1)) - pad;
    window.y = static_cast<int>(random->Below(frame.height + 2 * pad - height_ + 1)) - pad;
  } else {
    window.x = (frame.width - width_) / 2;
    window.y = (frame.height - height_) / 2;
  }
  window.flip = training_ && augment_.has_random_flip() && random->Uniform() < augment_.random_flip().probability();
  return window;
}

ImageView Augmentation::Resample(const ImageView& image, const Frame& frame, Window* window,
                                 ReadScratch* scratch) const {
  const auto whole_height = static_cast<float>(image.height), whole_width = static_cast<float>(image.width);
  if (frame.height == image.height && frame.width == image.width && frame.box.x == 0 && frame.box.y == 0 &&
      frame.box.height == whole_height && frame.box.width == whole_width) {
    return image;
  }
  const int left = std::clamp(window->x, 0, frame.width), right = std::clamp(window->x + width_, left, frame.width);
  const int top = std::clamp(window->y, 0, frame.height), bottom = std::clamp(window->y + height_, top, frame.height);
  const ImageView part{nullptr, channels_, bottom - top, right - left};
  scratch->resized.resize(static_cast<size_t>(channels_) * part.height * part.width);
  const float x_scale = frame.box.width / static_cast<float>(frame.width);
  const float y_scale = frame.box.height / static_cast<float>(frame.height);
  const Box box{frame.box.x + static_cast<float>(left) * x_scale, frame.box.y + static_cast<float>(top) * y_scale,
                static_cast<float>(part.width) * x_scale, static_cast<float>(part.height) * y_scale};
  if (part.height > 0 && part.width > 0) {
    Resize(image, box, part.height, part.width, scratch, scratch->resized.data());
  }
  window->x -= left;
  window->y -= top;
  return {scratch->resized.data(), channels_, part.height, part.width};
}

void Augmentation::Apply(const ImageView& image, Random random, ReadScratch* scratch, float* result) const {
  const Frame frame = DrawFrame(image, &random);
  Window window = DrawWindow(frame, &random);
  const ImageView resampled = Resample(image, frame, &window, scratch);
  if (training_ && JitterIsOn(augment_.color_jitter())) {
    CropAndJitter(resampled, window, &random, scratch, result);
  } else {
    CropAndNormalize(resampled, window, scale_.data(), shift_.data(), result);
  }
  if (!reversed_) return;
  const int64_t plane = int64_t{height_} * width_;
  for (int low = 0, high = channels_ - 1; low < high; ++low, --high) {
    std::swap_ranges(result + low * plane, result + (low + 1) * plane, result + high * plane);
  }
}

void Augmentation::CropAndJitter(const ImageView& image, const Window& window, Random* random, ReadScratch* scratch,
                                 float* result) const {
  // Jitter is defined on [0, 1], before normalisation.
  const int64_t plane = int64_t{height_} * width_;
  scratch->planes.resize(channels_ * plane);
  float* unit = scratch->planes.data();
  CropAndNormalize(image, window, unit_scale_.data(), unit_shift_.data(), unit);
  const ColorJitter& jitter = augment_.color_jitter();
  JitterFactors factors;
  factors.brightness = DrawFactor(jitter.brightness(), random);
  factors.contrast = DrawFactor(jitter.contrast(), random);
  factors.saturation = DrawFactor(jitter.saturation(), random);
  ApplyJitter(factors, channels_, plane, unit);
  for (int c = 0; c < channels_; ++c) {
    const float scale = 255 * scale_[c], shift = shift_[c];
    for (int64_t i = c * plane; i < (c + 1) * plane; ++i) result[i] = unit[i] * scale + shift;
  }
}

}  // namespace espalier
