// Bytes of a file taken one piece after the other, each checked to be there; and the integers of variable length that
// such files hold: seven bits a byte, the lowest first, the top bit set in all bytes but the last.
#ifndef ESPALIER_COMPRESSION_PACKAGE_BYTE_READER_H_
#define ESPALIER_COMPRESSION_PACKAGE_BYTE_READER_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/status.h"

namespace espalier {

inline void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : bytes_(bytes) {}

  size_t remaining() const { return bytes_.size(); }

  // `what` is asked for, for the error.
  absl::StatusOr<absl::string_view> Take(uint64_t size, absl::string_view what) {
    if (size > bytes_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected ", size, " bytes of ", what, ", found ", bytes_.size(), " before the end"));
    }
    const absl::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  absl::StatusOr<uint8_t> TakeByte(absl::string_view what) {
    ASSIGN_OR_RETURN(const absl::string_view byte, Take(1, what));
    return static_cast<uint8_t>(byte[0]);
  }

  // At most `maximum`.
  absl::StatusOr<uint64_t> TakeVarint(uint64_t maximum, absl::string_view what) {
    uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      ASSIGN_OR_RETURN(const uint8_t byte, TakeByte(what));
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte & 0x80) continue;
      if (value <= maximum) return value;
      return absl::InvalidArgumentError(absl::StrCat("expected at most ", maximum, " as ", what, ", found ", value));
    }
    return absl::InvalidArgumentError(absl::StrCat("expected an integer of at most 63 bits as ", what));
  }

 private:
  absl::string_view bytes_;
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_BYTE_READER_H_
