// Damages a good file: every truncation, every byte of its header replaced, and several edits of its header at once.
#include "tests/fuzz/safetensors_fuzz.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/random.h"

namespace espalier {
namespace {

constexpr char kHeader[] =
    R"({"__metadata__":{"format":"pt","\u00e9":"\ud83d\ude00"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
    R"("h":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},)"
    R"("none":{"dtype":"I8","shape":[0,3],"data_offsets":[10,10]},)"
    R"("step":{"dtype":"I64","shape":[],"data_offsets":[10,18]}})";
constexpr size_t kDataBytes = 18;

std::string File(const std::string& header) {
  const uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + std::string(kDataBytes, '\1');
}

TEST(SafetensorsFuzz, GoodFileIsTaken) { EXPECT_TRUE(CheckSafetensors(File(kHeader))); }

TEST(SafetensorsFuzz, EveryTruncationIsRefused) {
  const std::string bytes = File(kHeader);
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(CheckSafetensors(bytes.substr(0, size))) << size;
}

// Other names, and other metadata, are taken.
TEST(SafetensorsFuzz, OtherBytesInTheHeader) {
  int taken = 0;
  for (size_t at = 0; at < std::strlen(kHeader); ++at) {
    for (const char byte : {'0', '1', '9', '-', '"', '[', '}', ',', ' ', '\\', '\x80', '\xff'}) {
      std::string header = kHeader;
      header[at] = byte;
      taken += CheckSafetensors(File(header));
    }
  }
  EXPECT_GT(taken, 50);
  EXPECT_LT(taken, 1000);
}

TEST(SafetensorsFuzz, SeveralEdits) {
  const std::string original = kHeader;
  int taken = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Random random(1, "safetensors edits", 0, trial);
    std::string header = original;
    for (int edits = 1 + random.Below(3); edits > 0; --edits) {
      const size_t at = random.Below(header.size());
      switch (random.Below(3)) {
        case 0:
          header.insert(at, original.substr(random.Below(original.size()), random.Below(12)));
          break;
        case 1:
          header.erase(at, random.Below(12));
          break;
        default:
          header[at] = "0123456789[]{}\",:\\\x80"[random.Below(19)];
      }
    }
    taken += CheckSafetensors(File(header));
  }
  EXPECT_GT(taken, 100);
  EXPECT_LT(taken, 10'000);
}

}  // namespace
}  // namespace espalier
