#include "data/byte_reader.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier {
namespace {

// Deflate's greatest ratio (zlib's technical notes): 258 bytes from two bits.
constexpr int64_t kGreatestRatio = 1032;
// gzread counts in unsigned int.
constexpr int64_t kLargestRead = int64_t{1} << 30;

constexpr int64_t kGrowth = int64_t{1} << 24;

}  // namespace

absl::StatusOr<ByteReader> ByteReader::Open(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    const std::string message = absl::StrCat(path, ": cannot open: ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
  }
  if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, ": expected a regular file"));
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": cannot open: ", std::strerror(errno)));
  }
  gzbuffer(file, 1 << 17);
  ByteReader reader(path, file);
  reader.compressed_ = gzdirect(file) == 0;
  reader.most_bytes_ = int64_t{info.st_size} * (reader.compressed_ ? kGreatestRatio : 1);
  return reader;
}

ByteReader::ByteReader(ByteReader&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, nullptr)),
      offset_(other.offset_),
      most_bytes_(other.most_bytes_),
      compressed_(other.compressed_) {}

ByteReader::~ByteReader() {
  if (file_ != nullptr) gzclose(file_);
}

absl::Status ByteReader::Read(void* bytes, int64_t count, const char* what) {
  int64_t done = 0;
  while (done < count) {
    const auto part = static_cast<unsigned>(std::min(count - done, kLargestRead));
    const int got = gzread(file_, static_cast<char*>(bytes) + done, part);
    if (got > 0) {
      done += got;
      continue;
    }
    int code = Z_OK;
    const char* reason = gzerror(file_, &code);
    return absl::DataLossError(absl::StrCat(
        path_, ": offset ", offset_, compressed_ ? " (uncompressed)" : "", ": expected ", count, " bytes of ", what,
        ", found ", done, code == Z_OK || code == Z_BUF_ERROR ? " before the end" : absl::StrCat(", then ", reason),
        "; fetch or unpack the file again"));
  }
  offset_ += count;
  return absl::OkStatus();
}

absl::Status ByteReader::ReadGrowing(std::vector<uint8_t>* bytes, int64_t count, const char* what) {
  bytes->clear();
  // A plain file is as long as it says.
  if (!compressed_ && count <= most_bytes_) bytes->reserve(count);
  for (int64_t done = 0; done < count;) {
    const int64_t part = std::min(count - done, kGrowth);
    bytes->resize(done + part);
    RETURN_IF_ERROR(Read(bytes->data() + done, part, what));
    done += part;
  }
  return absl::OkStatus();
}

absl::Status ByteReader::ExpectEnd() {
  char extra;
  const int got = gzread(file_, &extra, 1);
  if (got > 0) {
    return absl::DataLossError(
        absl::StrCat(path_, ": offset ", offset_, ": expected the end of the file, found more bytes"));
  }
  int code = Z_OK;
  const char* reason = gzerror(file_, &code);
  if (got < 0 || code != Z_OK) {
    return absl::DataLossError(absl::StrCat(path_, ": offset ", offset_,
                                            " (uncompressed): the gzip stream is corrupt (", reason,
                                            "); fetch the file again"));
  }
  return absl::OkStatus();
}

}  // namespace espalier
