// Feeds arbitrary bytes to the reader of han2016 files. The entry is libFuzzer's; han2016_fuzz_test.cc feeds it damaged
// files. What must hold:
//   - nothing crashes, and every error says what was expected and what was found;
//   - of a file that is taken every byte is accounted for, and the package is whole: each weight has a code, each code
//     a value, and code 0 alone is zero.
#include "tests/fuzz/han2016_fuzz.h"

#include <glog/logging.h>
#include <google/protobuf/text_format.h>

#include <cmath>

#include "absl/strings/match.h"
#include "compression/import/han2016.h"
#include "compression/import/testing/han2016_writer.h"

namespace espalier {
namespace {

const ImportTarget& Target() {
  static const ImportTarget* const target = [] {
    Model model;
    CHECK(google::protobuf::TextFormat::ParseFromString(kTwoLayerModel, &model));
    return new ImportTarget(*MakeImportTarget(model));
  }();
  return *target;
}

void CheckTensor(const PackedTensor& tensor) {
  const auto elements = static_cast<size_t>(tensor.shape.elements());
  if (const auto* floats = std::get_if<FloatValues>(&tensor.values); floats != nullptr) {
    CHECK_EQ(floats->values.size(), elements) << tensor.name;
    for (const float value : floats->values) CHECK(std::isfinite(value)) << tensor.name;
    return;
  }
  const auto& shared = std::get<SharedValues>(tensor.values);
  CHECK_EQ(shared.codes.size(), elements) << tensor.name;
  CHECK(!shared.codebook.empty() && shared.codebook.size() <= 256) << tensor.name;
  for (size_t i = 0; i < shared.codebook.size(); ++i) {
    CHECK(std::isfinite(shared.codebook[i]) && (shared.codebook[i] == 0) == (i == 0)) << tensor.name;
  }
  for (const uint8_t code : shared.codes) CHECK_LT(code, shared.codebook.size()) << tensor.name;
}

}  // namespace

bool CheckHan2016(const std::string& bytes) {
  const auto file = ReadHan2016(bytes, "fuzz", Target());
  if (!file.ok()) {
    const absl::string_view message = file.status().message();
    CHECK(absl::StartsWith(message, "fuzz: ") && absl::StrContains(message, "expected ") &&
          absl::StrContains(message, ", found "))
        << message;
    return false;
  }
  uint64_t counted = file->header_bytes;
  for (const Han2016Layer& layer : file->layers) counted += layer.bytes();
  CHECK_EQ(counted, bytes.size());
  for (const PackedTensor& tensor : file->package.tensors) CheckTensor(tensor);
  return true;
}

}  // namespace espalier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  espalier::CheckHan2016({reinterpret_cast<const char*>(data), size});
  return 0;
}
