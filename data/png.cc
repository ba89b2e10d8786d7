// PNG through libpng. The library reports errors by a callback that must not return: it jumps back to the setjmp in
// Run, across C frames only.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "data/image_codec.h"

namespace espalier {
namespace {

// Deflate's greatest ratio, at one bit per pixel.
constexpr int64_t kMostPixelsPerByte = 1032 * 8;
// Memory and number of the side chunks (text, profiles) that the library keeps.
constexpr size_t kMostChunkBytes = size_t{1} << 23;
constexpr int kMostChunks = 100;

struct Decoder {
  png_structp library;
  png_infop info;
  absl::Span<const uint8_t> rest;  // bytes not read yet
  std::jmp_buf failed;
  char message[128];
  absl::Status status;  // what Run leaves behind when it is not the library that complains
};

[[noreturn]] void OnError(png_structp library, png_const_charp message) {
  auto* decoder = static_cast<Decoder*>(png_get_error_ptr(library));
  std::snprintf(decoder->message, sizeof decoder->message, "%s", message);
  std::longjmp(decoder->failed, 1);
}

void OnWarning(png_structp, png_const_charp) {}

void OnRead(png_structp library, png_bytep bytes, size_t count) {
  auto* decoder = static_cast<Decoder*>(png_get_io_ptr(library));
  if (count > decoder->rest.size()) png_error(library, "the file ends too early");
  std::memcpy(bytes, decoder->rest.data(), count);
  decoder->rest.remove_prefix(count);
}

// Asks for 8-bit RGB whatever the file holds. Returns the number of passes (more than 1 when interlaced).
int SetTransforms(png_structp library) {
  png_set_expand(library);
  png_set_scale_16(library);
  png_set_strip_alpha(library);
  png_set_gray_to_rgb(library);
  return png_set_interlace_handling(library);
}

// False after a complaint of the library, which is then in `message`. Has no objects with destructors of its own, since
// the jump would skip them.
bool Run(Decoder* decoder, std::vector<uint8_t>* planes, ImageView* image) {
  png_structp library = decoder->library;
  const auto bytes = static_cast<int64_t>(decoder->rest.size());
  if (setjmp(decoder->failed) != 0) return false;
  png_set_user_limits(library, 1 << 16, 1 << 16);
  png_set_chunk_malloc_max(library, kMostChunkBytes);
  png_set_chunk_cache_max(library, kMostChunks);
  png_set_read_fn(library, decoder, OnRead);
  png_read_info(library, decoder->info);
  const auto height = static_cast<int>(png_get_image_height(library, decoder->info));
  const auto width = static_cast<int>(png_get_image_width(library, decoder->info));
  decoder->status = CheckImageSize(height, width, bytes, kMostPixelsPerByte);
  if (!decoder->status.ok()) return true;
  const int passes = SetTransforms(library);
  png_read_update_info(library, decoder->info);
  const size_t stride = size_t{3} * width;
  if (png_get_rowbytes(library, decoder->info) != stride) png_error(library, "a colour type that does not become RGB");
  // Interleaved rows stand behind the planes: one, or all where every pass adds pixels to every row.
  const size_t pixels = stride * height;
  planes->resize(pixels + stride * (passes > 1 ? height : 1));
  uint8_t* rows = planes->data() + pixels;
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < height; ++y) {
      uint8_t* row = passes > 1 ? rows + stride * y : rows;
      png_read_row(library, row, nullptr);
      if (pass == passes - 1) SplitRow(row, height, width, y, planes->data());
    }
  }
  png_read_end(library, nullptr);
  *image = {planes->data(), 3, height, width};
  return true;
}

}  // namespace

absl::Status DecodePng(absl::Span<const uint8_t> bytes, std::vector<uint8_t>* planes, ImageView* image) {
  Decoder decoder = {};
  decoder.rest = bytes;
  decoder.library = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, OnError, OnWarning);
  if (decoder.library == nullptr) return absl::ResourceExhaustedError("no memory for the PNG decoder");
  decoder.info = png_create_info_struct(decoder.library);
  const bool quiet = decoder.info != nullptr && Run(&decoder, planes, image);
  png_destroy_read_struct(&decoder.library, &decoder.info, nullptr);
  if (!quiet) return absl::DataLossError(absl::StrCat("corrupt PNG: ", decoder.message));
  return decoder.status;
}

}  // namespace espalier
