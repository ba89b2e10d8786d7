// Files for the tests of the data pipeline: written whole, compressed, encoded or damaged.
#ifndef ESPALIER_DATA_TESTING_FIXTURES_H_
#define ESPALIER_DATA_TESTING_FIXTURES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace espalier::testing {

using Bytes = std::vector<uint8_t>;

// Writes a file (and the folders above it) below the test's own temporary folder and returns its path.
std::string WriteTestFile(const std::string& name, const Bytes& bytes);
// That folder, made if need be.
std::string TestFolder(const std::string& name);

Bytes Gzip(const Bytes& bytes);

// An IDX file of unsigned bytes.
Bytes IdxFile(const std::vector<uint32_t>& dims, const Bytes& values);

// How a JPEG stores its components.
enum class JpegKind { kRgb, kGrey, kCmyk, kProgressive };
// `pixels` are interleaved: 3 (kRgb, kProgressive), 1 or 4 bytes each; CMYK with Adobe's marker, so stored as
// complement.
Bytes EncodeJpeg(JpegKind kind, int height, int width, const Bytes& pixels);

// `color_type` and `bit_depth` as libpng has them; `rows` holds the packed rows one after another. A palette, if the
// type wants one, is 256 greys: entry i is (i, i / 2, 255 - i).
Bytes EncodePng(int color_type, int bit_depth, bool interlaced, int height, int width, const Bytes& rows);

// Calls `read` with damaged copies of `bytes`: every length below 64 and some above, and `flips` single flipped bits.
void ForEachDamage(const Bytes& bytes, int flips, const std::function<void(const Bytes&)>& read);

// A smooth picture with some detail, interleaved.
Bytes Gradient(int channels, int height, int width);

}  // namespace espalier::testing

#endif  // ESPALIER_DATA_TESTING_FIXTURES_H_
