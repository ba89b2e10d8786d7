#include "data/testing/fixtures.h"

#include <gtest/gtest.h>
#include <png.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

// After <cstdio>, whose types it uses.
#include <jpeglib.h>

#include "core/random.h"
#include "glog/logging.h"

namespace espalier::testing {

std::string TestFolder(const std::string& name) {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string folder =
      ::testing::TempDir() + "/" + test->test_suite_name() + "." + test->name() + (name.empty() ? "" : "/" + name);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string WriteTestFile(const std::string& name, const Bytes& bytes) {
  const size_t slash = name.rfind('/');
  const std::string folder = TestFolder(slash == std::string::npos ? "" : name.substr(0, slash));
  const std::string path = folder + "/" + (slash == std::string::npos ? name : name.substr(slash + 1));
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  CHECK(file.good()) << path;
  return path;
}

Bytes Gzip(const Bytes& bytes) {
  z_stream stream = {};
  CHECK_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes result(deflateBound(&stream, bytes.size()) + 64);
  stream.next_in = const_cast<uint8_t*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = result.data();
  stream.avail_out = static_cast<uInt>(result.size());
  CHECK_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

Bytes IdxFile(const std::vector<uint32_t>& dims, const Bytes& values) {
  Bytes file = {0, 0, 8, static_cast<uint8_t>(dims.size())};
  for (uint32_t dim : dims) {
    for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<uint8_t>(dim >> shift));
  }
  file.insert(file.end(), values.begin(), values.end());
  return file;
}

Bytes EncodeJpeg(JpegKind kind, int height, int width, const Bytes& pixels) {
  jpeg_compress_struct library;
  jpeg_error_mgr errors;
  library.err = jpeg_std_error(&errors);
  jpeg_create_compress(&library);
  unsigned char* memory = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): the library's type
  jpeg_mem_dest(&library, &memory, &size);
  const int components = kind == JpegKind::kGrey ? 1 : kind == JpegKind::kCmyk ? 4 : 3;
  library.image_height = height;
  library.image_width = width;
  library.input_components = components;
  library.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&library);
  jpeg_set_quality(&library, 95, TRUE);
  if (kind == JpegKind::kProgressive) jpeg_simple_progression(&library);
  jpeg_start_compress(&library, TRUE);
  for (int y = 0; y < height; ++y) {
    auto* row = const_cast<uint8_t*>(pixels.data() + static_cast<size_t>(y) * width * components);
    jpeg_write_scanlines(&library, &row, 1);
  }
  jpeg_finish_compress(&library);
  jpeg_destroy_compress(&library);
  Bytes result(memory, memory + size);
  std::free(memory);
  return result;
}

Bytes EncodePng(int color_type, int bit_depth, bool interlaced, int height, int width, const Bytes& rows) {
  png_structp library = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(library);
  Bytes result;
  png_set_write_fn(
      library, &result,
      [](png_structp png, png_bytep bytes, size_t count) {
        auto* out = static_cast<Bytes*>(png_get_io_ptr(png));
        out->insert(out->end(), bytes, bytes + count);
      },
      nullptr);
  png_set_IHDR(library, info, width, height, bit_depth, color_type, interlaced ? PNG_INTERLACE_ADAM7 : 0, 0, 0);
  png_color palette[256];
  for (int i = 0; i < 256; ++i) {
    palette[i] = {static_cast<png_byte>(i), static_cast<png_byte>(i / 2), static_cast<png_byte>(255 - i)};
  }
  if (color_type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(library, info, palette, 1 << bit_depth);
  png_write_info(library, info);
  const size_t stride = rows.size() / height;
  std::vector<png_bytep> pointers(height);
  for (int y = 0; y < height; ++y) pointers[y] = const_cast<uint8_t*>(rows.data() + y * stride);
  png_write_image(library, pointers.data());
  png_write_end(library, info);
  png_destroy_write_struct(&library, &info);
  return result;
}

void ForEachDamage(const Bytes& bytes, int flips, const std::function<void(const Bytes&)>& read) {
  for (size_t length = 0; length < bytes.size(); length += length < 64 ? 1 : 1 + bytes.size() / 64) {
    read(Bytes(bytes.begin(), bytes.begin() + length));
  }
  Random random(1, "damage", 0, bytes.size());
  for (int i = 0; i < flips; ++i) {
    Bytes damaged = bytes;
    // Half of them among the first bytes, where the headers are.
    const size_t range = i % 2 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 128);
    damaged[random.Below(static_cast<uint32_t>(range))] ^= static_cast<uint8_t>(1 << random.Below(8));
    read(damaged);
  }
}

Bytes Gradient(int channels, int height, int width) {
  Bytes pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int value = c == 0 ? 255 * x / width : c == 1 ? 255 * y / height : 40 * ((x / 8 + y / 8) % 2) + 30 * c;
        pixels.push_back(static_cast<uint8_t>(value));
      }
    }
  }
  return pixels;
}

}  // namespace espalier::testing
