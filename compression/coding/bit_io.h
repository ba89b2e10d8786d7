// Strings of bits, the first one in the lowest bit of the first byte.
#ifndef ESPALIER_COMPRESSION_CODING_BIT_IO_H_
#define ESPALIER_COMPRESSION_CODING_BIT_IO_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

class BitWriter {
 public:
  // Appends the `count` lowest bits of `value`, the lowest first.
  void Write(uint32_t value, int count) {
    for (int i = 0; i < count; ++i, ++bits_) {
      if (bits_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() |= (value >> i & 1) << (bits_ % 8);
    }
  }

  int64_t bits() const { return bits_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  int64_t bits_ = 0;
};

class BitReader {
 public:
  explicit BitReader(absl::string_view bytes) : bytes_(bytes) {}

  // The next `count` <= 32 bits, the first one lowest. Behind the end all bits are 0, and `overrun` tells.
  uint32_t Read(int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; ++i, ++bits_) {
      if (bits_ / 8 < bytes_.size()) value |= (static_cast<uint8_t>(bytes_[bits_ / 8]) >> (bits_ % 8) & 1u) << i;
    }
    return value;
  }

  bool overrun() const { return bits_ > 8 * static_cast<int64_t>(bytes_.size()); }
  int64_t bits() const { return bits_; }

 private:
  absl::string_view bytes_;
  int64_t bits_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_CODING_BIT_IO_H_
