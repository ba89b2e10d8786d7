// Properties of the text reader and of overrides that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_TEXT_READER_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_TEXT_READER_FUZZ_H_

#include <string>

namespace espalier {

// Both return whether the text was taken without an error.
bool CheckTextReader(const std::string& text);
bool CheckOverride(const std::string& text);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_TEXT_READER_FUZZ_H_
