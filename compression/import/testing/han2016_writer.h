// Writes files that ReadHan2016 reads, from weights in the plain; for tests.
#ifndef ESPALIER_COMPRESSION_IMPORT_TESTING_HAN2016_WRITER_H_
#define ESPALIER_COMPRESSION_IMPORT_TESTING_HAN2016_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

namespace espalier {

struct Han2016TestLayer {
  int code_bits = 8;            // or 4
  std::vector<float> codebook;  // 2^code_bits entries
  std::vector<float> bias;
  std::vector<uint8_t> codes;  // dense: one for each weight
};

// One entry of a layer as it is stored.
struct Han2016TestEntry {
  uint8_t code = 0, gap = 0;
};

// The entries of a dense row of codes: zeros become gaps, and fillers where a gap is too short.
std::vector<Han2016TestEntry> EntriesOf(const std::vector<uint8_t>& codes);

std::string WriteHan2016(const std::vector<Han2016TestLayer>& layers);

// The layers of a model `conv (4 of 2 x 3 x 3, 8 bits), dense (5 of 36, 4 bits)`, kTwoLayerModel: about a third of the
// weights are there, with runs of zeros long enough for fillers.
extern const char kTwoLayerModel[];
std::vector<Han2016TestLayer> RandomTwoLayers(uint64_t seed);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_TESTING_HAN2016_WRITER_H_
