// Sequential reading of a data file, gzip or not, with errors that name the file and the offset.
#ifndef ESPALIER_DATA_BYTE_READER_H_
#define ESPALIER_DATA_BYTE_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct gzFile_s;

namespace espalier {

class ByteReader {
 public:
  static absl::StatusOr<ByteReader> Open(const std::string& path);
  ByteReader(ByteReader&& other) noexcept;
  ByteReader& operator=(ByteReader&&) = delete;
  ~ByteReader();

  // Exactly `count` bytes; `what` names them in the error ("labels").
  absl::Status Read(void* bytes, int64_t count, const char* what);
  // The same into `bytes`, whose storage grows with what really arrives: a header's lie costs no memory.
  absl::Status ReadGrowing(std::vector<uint8_t>* bytes, int64_t count, const char* what);
  // The end must be here; verifies gzip's own checksum too.
  absl::Status ExpectEnd();

  const std::string& path() const { return path_; }
  // In the uncompressed stream.
  int64_t offset() const { return offset_; }
  bool compressed() const { return compressed_; }
  // The most bytes that the stream can hold: the file's size, times deflate's greatest ratio if compressed. A header
  // that announces more is wrong, and nothing need be allocated to find out.
  int64_t most_bytes() const { return most_bytes_; }

 private:
  ByteReader(std::string path, gzFile_s* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  gzFile_s* file_;
  int64_t offset_ = 0;
  int64_t most_bytes_ = 0;
  bool compressed_ = false;
};

}  // namespace espalier

#endif  // ESPALIER_DATA_BYTE_READER_H_
