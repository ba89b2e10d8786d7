// A strict scanner of JSON text (RFC 8259) for readers that know what they expect: no tree is built, nothing recurses,
// and no byte is trusted. Errors give the byte, what was expected and what was found.
#ifndef ESPALIER_CORE_FILES_JSON_SCANNER_H_
#define ESPALIER_CORE_FILES_JSON_SCANNER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "core/status.h"

namespace espalier {

class JsonScanner {
 public:
  // `text` must outlive the scanner.
  explicit JsonScanner(absl::string_view text) : text_(text) {}

  // Each takes one value, and white space around it.
  absl::StatusOr<std::string> String();
  absl::StatusOr<uint64_t> Unsigned();   // an integer of 0 to 2^64 - 1, without sign, fraction and exponent
  absl::StatusOr<std::string> Number();  // the text of any JSON number, as it stands
  // Calls `member(key)` for each member of an object, which must take the member's value. A key that comes twice is an
  // error.
  absl::Status Object(const std::function<absl::Status(const std::string& key)>& member);
  // Calls `element()` for each element of an array, which must take it.
  absl::Status Array(const std::function<absl::Status()>& element);
  // Whether the next value is a string; takes white space only.
  bool AtString();
  // That nothing but white space is left.
  absl::Status End();

  // "byte 17: expected EXPECTED, found 'x'", of the next byte.
  absl::Status Error(const std::string& expected) const;

 private:
  void SkipSpace();
  bool Take(char c);
  absl::Status Expect(char c);
  bool TakeDigits();  // at least one
  absl::Status TakeEscape(std::string* out);
  absl::StatusOr<uint32_t> TakeFourHexDigits();

  absl::string_view text_;
  size_t at_ = 0;
};

// `text` in quotes, escaped where JSON must.
std::string JsonQuoted(absl::string_view text);
// The same of a text that may not be UTF-8, as JSON is: then '?' stands for each byte that is not ASCII.
std::string JsonQuotedText(std::string text);

// Whether `text` is UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool IsUtf8(absl::string_view text);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_JSON_SCANNER_H_
