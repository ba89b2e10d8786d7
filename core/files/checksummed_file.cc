#include "core/files/checksummed_file.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "core/files/crc32c.h"

namespace espalier {
namespace {

constexpr size_t kPartBytes = 256 << 10;

}  // namespace

absl::Status ChecksummedFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::string_view part = bytes.substr(0, kPartBytes);
    RETURN_IF_ERROR(file_->Append(part));
    crc32c_ = Crc32c(part, crc32c_);
    bytes_ += part.size();
    bytes.remove_prefix(part.size());
  }
  return absl::OkStatus();
}

absl::Status VerifyFile(const ReadableFile& file, uint64_t bytes, uint32_t crc32c) {
  if (file.size() != bytes) {
    return absl::DataLossError(absl::StrFormat("%s: has %d bytes, expected %d", file.path(), file.size(), bytes));
  }
  std::string part(std::min<uint64_t>(bytes, kPartBytes), '\0');
  uint32_t found = 0;
  for (uint64_t at = 0; at < bytes; at += part.size()) {
    part.resize(std::min<uint64_t>(part.size(), bytes - at));
    RETURN_IF_ERROR(file.Read(at, part.size(), part.data()));
    found = Crc32c(part, found);
  }
  if (found != crc32c) {
    return absl::DataLossError(
        absl::StrFormat("%s: has checksum %08x, expected %08x: its bytes have changed", file.path(), found, crc32c));
  }
  return absl::OkStatus();
}

}  // namespace espalier
