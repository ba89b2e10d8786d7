// What tells two data sets apart without reading all of them.
#ifndef ESPALIER_DATA_FINGERPRINT_H_
#define ESPALIER_DATA_FINGERPRINT_H_

#include <string>

#include "data/sample_set.h"

namespace espalier {

// "60000 samples of 1x28x28, 10 classes; crc32c 0a1b2c3d of 16": the checksum is that of pictures and labels, in epoch
// 0, of that many samples spread evenly from the first to the last. A sample that cannot be read tells its error
// instead. Reads those samples: milliseconds, as far as no picture is huge.
std::string FingerprintOf(const SampleSet& samples);

}  // namespace espalier

#endif  // ESPALIER_DATA_FINGERPRINT_H_
