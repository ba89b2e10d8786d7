// Properties of the reader of han2016 files that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_HAN2016_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_HAN2016_FUZZ_H_

#include <string>

namespace espalier {

// Reads the bytes for the model of compression/import/testing/han2016_writer.h; returns whether they were taken.
bool CheckHan2016(const std::string& bytes);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_HAN2016_FUZZ_H_
