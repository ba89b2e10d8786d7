#include "tests/fuzz/package_fuzz.h"

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "compression/package/byte_reader.h"
#include "compression/package/ledger.h"
#include "compression/package/package_file.h"
#include "compression/package/package_layout.h"
#include "core/files/crc32c.h"
#include "glog/logging.h"

namespace espalier {
namespace {

bool SameValues(const PackedTensor& a, const PackedTensor& b) {
  std::vector<float> left(a.shape.elements()), right(left.size());
  EffectiveValues(a, left.data());
  EffectiveValues(b, right.data());
  return std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0;
}

// Without Huffman codes, whose fuzzing is another's and whose making would take most of the time.
void CheckAgain(const Package& package) {
  const absl::StatusOr<std::string> bytes = EncodePackage(package, {/*index_bits=*/4, /*huffman=*/false});
  CHECK(bytes.ok()) << bytes.status();
  const absl::StatusOr<Package> again = DecodePackage(*bytes);
  CHECK(again.ok()) << again.status();
  CHECK_EQ(again->tensors.size(), package.tensors.size());
  for (size_t i = 0; i < package.tensors.size(); ++i) {
    CHECK(SameValues(package.tensors[i], again->tensors[i])) << package.tensors[i].name;
  }
}

}  // namespace

bool CheckPackageReader(const std::string& bytes) {
  const absl::StatusOr<Package> package = DecodePackage(bytes);
  const absl::StatusOr<PackageLedger> ledger = ExplainPackage(bytes);
  CHECK_EQ(ledger.ok(), package.ok()) << ledger.status() << "; " << package.status();
  if (ledger.ok()) {
    CHECK_EQ(ledger->file_bytes(), static_cast<int64_t>(bytes.size()));
    for (const LedgerRow& row : ledger->rows) {
      for (int64_t part : {row.bytes.values, row.bytes.indices, row.bytes.padding, row.bytes.codebook,
                           row.bytes.code_tables, row.bytes.dense, row.bytes.overhead}) {
        CHECK_GE(part, 0) << row.tensor;
      }
    }
  }
  if (!package.ok()) {
    CHECK(absl::IsInvalidArgument(package.status())) << package.status();
    CHECK(!package.status().message().empty());
    return false;
  }
  CheckAgain(*package);
  return true;
}

std::string SealPackage(std::string bytes) {
  if (bytes.size() < kChecksumBytes) return bytes;
  const size_t covered = bytes.size() - kChecksumBytes;
  const uint32_t crc = Crc32c(absl::string_view(bytes).substr(0, covered));
  std::memcpy(&bytes[covered], &crc, sizeof crc);
  return bytes;
}

std::optional<PackageParts> SplitPackage(absl::string_view bytes) {
  if (bytes.size() < kPackageMagic.size() + kChecksumBytes) return std::nullopt;
  ByteReader reader(bytes.substr(kPackageMagic.size(), bytes.size() - kPackageMagic.size() - kChecksumBytes));
  const absl::StatusOr<uint64_t> word = reader.TakeVarint(2 * reader.remaining(), "size");
  if (!word.ok() || *word % 2 == 1) return std::nullopt;
  const absl::StatusOr<absl::string_view> info = reader.Take(*word / 2, "info");
  if (!info.ok()) return std::nullopt;
  return PackageParts{std::string(*info), std::string(*reader.Take(reader.remaining(), "sections"))};
}

std::string JoinPackage(const PackageParts& parts) {
  std::string bytes(kPackageMagic);
  AppendVarint(2 * parts.info.size(), &bytes);
  return SealPackage(bytes + parts.info + parts.sections + std::string(kChecksumBytes, '\0'));
}

}  // namespace espalier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const silencer = new google::protobuf::LogSilencer();  // of names that are not UTF-8
  (void)silencer;
  espalier::CheckPackageReader(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
