// JPEG through libjpeg. The library reports errors by a callback that must not return: it jumps back to the setjmp in
// Run, across C frames only.
#include <cstdio>  // jpeglib.h needs FILE and size_t

// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <csetjmp>

#include "absl/strings/str_cat.h"
#include "data/image_codec.h"

namespace espalier {
namespace {

// Each block costs at least a bit or so: 64 pixels per bit, with room for arithmetic coding.
constexpr int64_t kMostPixelsPerByte = 4096;
// Of a progressive picture; each scan costs a pass over all blocks, whatever its own size.
constexpr int kMostScans = 256;

struct Decoder {
  jpeg_decompress_struct library;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf failed;
  char message[JMSG_LENGTH_MAX];
  // What Run leaves behind when it is not the library that complains.
  absl::Status status;
};

Decoder* DecoderOf(j_common_ptr library) { return static_cast<Decoder*>(library->client_data); }

[[noreturn]] void Fail(j_common_ptr library) {
  library->err->format_message(library, DecoderOf(library)->message);
  std::longjmp(DecoderOf(library)->failed, 1);
}

// Warnings with which the library fills in pixels of its own end decoding; bytes that it merely skips do not.
void OnMessage(j_common_ptr library, int level) {
  if (level >= 0) return;
  switch (library->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_ARITH_BAD_CODE:
      Fail(library);
    default:
      return;
  }
}

void OnProgress(j_common_ptr library) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(library);
  if (decompress->input_scan_number <= kMostScans) return;
  std::snprintf(DecoderOf(library)->message, JMSG_LENGTH_MAX, "more than %d scans", kMostScans);
  std::longjmp(DecoderOf(library)->failed, 1);
}

// The greatest reduction that keeps the shorter side at least `min_side`.
int Denominator(int shorter_side, int min_side) {
  int denominator = 1;
  while (min_side > 0 && denominator < 8 && shorter_side / (2 * denominator) >= min_side) denominator *= 2;
  return denominator;
}

// In place, to RGB at the front. Adobe's programs store the complement.
void CmykToRgb(bool complement, int width, uint8_t* row) {
  for (int x = 0; x < width; ++x) {
    int ink[4];
    for (int k = 0; k < 4; ++k) ink[k] = complement ? row[4 * x + k] : 255 - row[4 * x + k];
    for (int k = 0; k < 3; ++k) row[3 * x + k] = static_cast<uint8_t>((ink[k] * ink[3] + 127) / 255);
  }
}

// False after a complaint of the library, which is then in `message`. Has no objects with destructors of its own, since
// the jump would skip them.
bool Run(Decoder* decoder, absl::Span<const uint8_t> bytes, int min_side, std::vector<uint8_t>* planes,
         ImageView* image) {
  jpeg_decompress_struct& library = decoder->library;
  if (setjmp(decoder->failed) != 0) return false;
  jpeg_create_decompress(&library);
  library.client_data = decoder;
  library.progress = &decoder->progress;
  jpeg_mem_src(&library, bytes.data(), bytes.size());
  jpeg_read_header(&library, TRUE);
  decoder->status =
      CheckImageSize(library.image_height, library.image_width, static_cast<int64_t>(bytes.size()), kMostPixelsPerByte);
  if (!decoder->status.ok()) return true;
  const bool cmyk = library.jpeg_color_space == JCS_CMYK || library.jpeg_color_space == JCS_YCCK;
  library.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  library.scale_num = 1;
  library.scale_denom = Denominator(std::min(library.image_height, library.image_width), min_side);
  jpeg_start_decompress(&library);
  const auto height = static_cast<int>(library.output_height), width = static_cast<int>(library.output_width);
  const size_t pixels = size_t{3} * height * width;
  // One interleaved row stands behind the planes.
  planes->resize(pixels + size_t{4} * width);
  uint8_t* row = planes->data() + pixels;
  for (int y = 0; y < height; ++y) {
    jpeg_read_scanlines(&library, &row, 1);
    if (cmyk) CmykToRgb(library.saw_Adobe_marker, width, row);
    SplitRow(row, height, width, y, planes->data());
  }
  jpeg_finish_decompress(&library);
  *image = {planes->data(), 3, height, width};
  return true;
}

}  // namespace

absl::Status DecodeJpeg(absl::Span<const uint8_t> bytes, int min_side, std::vector<uint8_t>* planes, ImageView* image) {
  Decoder decoder = {};
  decoder.library.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = Fail;
  decoder.errors.emit_message = OnMessage;
  decoder.progress.progress_monitor = OnProgress;
  const bool quiet = Run(&decoder, bytes, min_side, planes, image);
  jpeg_destroy_decompress(&decoder.library);
  if (!quiet) return absl::DataLossError(absl::StrCat("corrupt JPEG: ", decoder.message));
  return decoder.status;
}

}  // namespace espalier
