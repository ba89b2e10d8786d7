#include "tests/fuzz/safetensors_fuzz.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "core/files/safetensors.h"
#include "core/files/testing/faulty_file_system.h"
#include "glog/logging.h"

namespace espalier {
namespace {

absl::StatusOr<SafetensorsReader> Open(FaultyFileSystem* files) {
  return SafetensorsReader::Open(*files->OpenForReading("f"));
}

void CheckEntries(const std::vector<SafetensorsReader::Entry>& entries, uint64_t file_bytes) {
  std::set<std::string> names;
  for (size_t i = 0; i < entries.size(); ++i) {
    const SafetensorsReader::Entry& entry = entries[i];
    CHECK(names.insert(entry.name).second) << entry.name;
    CHECK_LE(entry.begin, entry.end);
    CHECK_EQ(entry.end, i + 1 < entries.size() ? entries[i + 1].begin : file_bytes);
  }
}

// All tensors that can be read.
std::vector<NamedTensor> ReadTensors(const SafetensorsReader& reader) {
  std::vector<NamedTensor> tensors;
  for (const SafetensorsReader::Entry& entry : reader.entries()) {
    if (!entry.foreign_dtype.empty()) continue;
    tensors.push_back({entry.name, Tensor(entry.dtype, entry.shape)});
    const absl::Status status = reader.Read(entry, tensors.back().tensor);
    CHECK(status.ok()) << status;
  }
  return tensors;
}

void CheckRoundTrip(const std::vector<NamedTensor>& tensors, const std::map<std::string, std::string>& metadata) {
  FaultyFileSystem files;
  const absl::Status written = WriteSafetensors(tensors, metadata, files.OpenForWriting("f")->get());
  CHECK(written.ok()) << written;
  const absl::StatusOr<SafetensorsReader> again = Open(&files);
  CHECK(again.ok()) << again.status();
  CHECK(again->metadata() == metadata);
  std::vector<NamedTensor> copies;
  for (const NamedTensor& named : tensors) {
    copies.push_back({named.name, Tensor(named.tensor.dtype(), named.tensor.shape())});
  }
  const absl::Status read = again->ReadAll(copies);
  CHECK(read.ok()) << read;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor &tensor = tensors[i].tensor, &copy = copies[i].tensor;
    CHECK(tensor.bytes() == 0 || std::memcmp(tensor.raw(), copy.raw(), tensor.bytes()) == 0) << tensors[i].name;
  }
}

}  // namespace

bool CheckSafetensors(const std::string& bytes) {
  FaultyFileSystem files;
  CHECK((*files.OpenForWriting("f"))->Append(bytes).ok());
  const absl::StatusOr<SafetensorsReader> reader = Open(&files);
  if (!reader.ok()) {
    CHECK(absl::IsDataLoss(reader.status())) << reader.status();
    CHECK(absl::StartsWith(reader.status().message(), "f: ")) << reader.status();
    return false;
  }
  CheckEntries(reader->entries(), bytes.size());
  CheckRoundTrip(ReadTensors(*reader), reader->metadata());
  return true;
}

}  // namespace espalier

// Most mutations would only make the header another length: inputs are a header, a line's end, and data.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  espalier::CheckSafetensors(input);
  const uint64_t header = std::min(input.find('\n'), input.size());
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  espalier::CheckSafetensors(bytes + input.substr(0, header) + input.substr(std::min(header + 1, input.size())));
  return 0;
}
