// Properties of the reader of name tables that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_NAME_TABLE_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_NAME_TABLE_FUZZ_H_

#include <string>

namespace espalier {

struct NameTableOutcome {
  bool parsed = false;   // it is a table
  bool matched = false;  // and all tensors of the network got one of the file's
};

// Reads the text, and matches with it the tensors of a small file to those of a small network.
NameTableOutcome CheckNameTable(const std::string& text);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_NAME_TABLE_FUZZ_H_
