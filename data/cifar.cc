#include "data/cifar.h"

#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "data/byte_reader.h"

namespace espalier {
namespace {

constexpr int kSide = 32;
constexpr int64_t kPixels = 3 * kSide * kSide;

// The labels of a record and the bounds they must keep; `wanted` is the one that counts.
struct LabelFields {
  std::vector<int> bounds;
  int wanted = 0;
};

// Appends the records of one file.
absl::Status ReadRecords(const std::string& path, const LabelFields& fields, const char* name,
                         std::vector<uint8_t>* pixels, std::vector<uint8_t>* labels) {
  absl::StatusOr<ByteReader> reader = ByteReader::Open(path);
  if (absl::IsNotFound(reader.status())) {
    return absl::NotFoundError(absl::StrCat(reader.status().message(),
                                            "; give --data_dir (or ESPALIER_DATA_DIR) the "
                                            "folder that holds ",
                                            name,
                                            "/ with the binary version, or set the "
                                            "source's `folder`"));
  }
  RETURN_IF_ERROR(reader.status());
  const auto label_bytes = static_cast<int64_t>(fields.bounds.size());
  const int64_t record = label_bytes + kPixels, bytes = reader->most_bytes();
  if (reader->compressed() || bytes == 0 || bytes % record != 0) {
    return absl::DataLossError(
        absl::StrCat(path, ": expected a whole number of records of ", record, " bytes, found ",
                     reader->compressed()
                         ? "a gzip file"
                         : absl::StrCat(bytes, " bytes (", bytes / record, " records and ", bytes % record, " bytes)"),
                     "; unpack the binary version of the archive again"));
  }
  const int64_t count = bytes / record, before = static_cast<int64_t>(labels->size());
  pixels->resize((before + count) * kPixels);
  labels->resize(before + count);
  uint8_t head[2];
  for (int64_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(reader->Read(head, label_bytes, "labels"));
    for (int64_t k = 0; k < label_bytes; ++k) {
      if (head[k] < fields.bounds[k]) continue;
      return absl::DataLossError(absl::StrCat(path, ": offset ", i * record + k, " (record ", i,
                                              "): expected a label below ", fields.bounds[k], ", found ",
                                              int{head[k]}));
    }
    (*labels)[before + i] = head[fields.wanted];
    RETURN_IF_ERROR(reader->Read(pixels->data() + (before + i) * kPixels, kPixels, "pixels"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ImageSource>> Open(const std::string& folder, const std::vector<std::string>& files,
                                                  const LabelFields& fields, const char* name) {
  std::vector<uint8_t> pixels, labels;
  // Of one original file; the further ones are alike.
  pixels.reserve(files.size() * 10000 * kPixels);
  for (const std::string& file : files) {
    RETURN_IF_ERROR(ReadRecords(absl::StrCat(folder, "/", file), fields, name, &pixels, &labels));
  }
  return std::make_unique<MemorySource>(3, kSide, kSide, fields.bounds[fields.wanted], std::move(pixels),
                                        std::move(labels));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ImageSource>> OpenCifar10(const std::string& folder, bool train) {
  std::vector<std::string> files = {"test_batch.bin"};
  if (train) {
    files.clear();
    for (int i = 1; i <= 5; ++i) files.push_back(absl::StrCat("data_batch_", i, ".bin"));
  }
  return Open(folder, files, {{10}, 0}, "cifar10");
}

absl::StatusOr<std::unique_ptr<ImageSource>> OpenCifar100(const std::string& folder, bool train, bool coarse) {
  return Open(folder, {train ? "train.bin" : "test.bin"}, {{20, 100}, coarse ? 0 : 1}, "cifar100");
}

}  // namespace espalier
