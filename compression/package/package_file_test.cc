#include "compression/package/package_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "absl/strings/str_split.h"
#include "compression/coding/huffman.h"
#include "compression/package/byte_reader.h"
#include "compression/package/ledger.h"
#include "compression/package/package_layout.h"
#include "compression/package/symbol_stream.h"
#include "compression/package/testing/random_package.h"
#include "core/files/crc32c.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Encode(const Package& package, const PackOptions& options = {}) {
  const absl::StatusOr<std::string> bytes = EncodePackage(package, options);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

// With its checksum made right.
std::string Sealed(std::string bytes) {
  const uint32_t crc = Crc32c(absl::string_view(bytes).substr(0, bytes.size() - kChecksumBytes));
  std::memcpy(&bytes[bytes.size() - kChecksumBytes], &crc, sizeof crc);
  return bytes;
}

std::string DecodeError(absl::string_view bytes) {
  const absl::StatusOr<Package> package = DecodePackage(bytes);
  EXPECT_EQ(package.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(package.status().message());
}

std::string EncodeError(const Package& package) {
  const absl::StatusOr<std::string> bytes = EncodePackage(package);
  EXPECT_EQ(bytes.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(bytes.status().message());
}

// A network of one dense layer without bias.
Package OneTensor(int64_t rows, int64_t columns, decltype(PackedTensor::values) values) {
  Package package;
  Model* model = package.info.mutable_model();
  Input* input = model->add_input();
  input->set_name("x");
  input->add_dims(static_cast<int>(columns));
  Dense* dense = model->add_layer()->mutable_dense();
  dense->set_channels(static_cast<int>(rows));
  dense->set_bias(false);
  package.tensors.push_back({"dense1/weight", Shape{rows, columns}, std::move(values)});
  return package;
}

TEST(PackageFileTest, EveryBitOfTheValuesComesBack) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Package package = RandomPackage(seed);
    PackOptions options;
    options.huffman = seed % 3 > 0;
    if (seed % 2 == 0) options.index_bits = static_cast<int>(2 + seed % 7);
    const std::string bytes = Encode(package, options);
    const absl::StatusOr<Package> decoded = DecodePackage(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(EffectiveBits(*decoded), EffectiveBits(package)) << seed;
    EXPECT_EQ(decoded->info.SerializeAsString(), package.info.SerializeAsString());
    for (size_t i = 0; i < package.tensors.size(); ++i) {
      EXPECT_EQ(decoded->tensors[i].name, package.tensors[i].name);
      EXPECT_EQ(decoded->tensors[i].shape, package.tensors[i].shape);
      EXPECT_EQ(decoded->tensors[i].is_state, package.tensors[i].is_state);
      EXPECT_EQ(decoded->tensors[i].values.index(), package.tensors[i].values.index());
    }
    EXPECT_EQ(Encode(*decoded, options), bytes);  // the sorted form is a fixed point
  }
}

TEST(PackageFileTest, TheLedgerAccountsForEveryByte) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    PackOptions options;
    options.huffman = seed % 3 > 0;
    const std::string bytes = Encode(RandomPackage(seed), options);
    const absl::StatusOr<PackageLedger> ledger = ExplainPackage(bytes);
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    EXPECT_EQ(ledger->file_bytes(), static_cast<int64_t>(bytes.size()));
    if (!options.huffman) {
      EXPECT_EQ(ledger->packed_file_bytes(), ledger->file_bytes());
    }
    const std::vector<std::string> lines = absl::StrSplit(LedgerCsv(*ledger), '\n', absl::SkipEmpty());
    ASSERT_EQ(lines.size(), 1 + ledger->rows.size() + 3);
    const std::vector<std::string> columns = absl::StrSplit(lines[0], ',');
    int64_t sum = 0;
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::vector<std::string> cells = absl::StrSplit(lines[i], ',');
      ASSERT_EQ(cells.size(), columns.size()) << lines[i];
      ASSERT_EQ(columns[19], "bytes");
      int64_t parts = 0;
      for (int c = 12; c < 19; ++c) parts += std::stoll(cells[c]);
      EXPECT_EQ(parts, std::stoll(cells[19])) << lines[i];
      if (i + 1 < lines.size()) sum += parts;
    }
    EXPECT_EQ(sum, static_cast<int64_t>(bytes.size()));
    EXPECT_THAT(lines.back(), HasSubstr("total,"));
  }
}

TEST(PackageFileTest, TheLedgerCountsWhatIsKept) {
  SharedValues shared{{0, 1, -1}, std::vector<uint8_t>(64 * 100)};
  for (int i = 0; i < 100; ++i) shared.codes[i * 64] = static_cast<uint8_t>(1 + i % 2);
  const std::string bytes = Encode(OneTensor(64, 100, shared), {5, false});
  const absl::StatusOr<PackageLedger> ledger = ExplainPackage(bytes);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  const LedgerRow& row = ledger->rows[0];
  EXPECT_EQ(row.kind, "shared");
  EXPECT_EQ(row.kept, 100);
  EXPECT_EQ(row.entries, 100 + 99);  // each of 63 zeros between two needs a filler of 5 bits
  EXPECT_EQ(row.codebook_size, 3);
  EXPECT_EQ(row.value_bits, 2);
  EXPECT_EQ(row.index_bits, 5);
  EXPECT_FALSE(row.column_major);
  EXPECT_EQ(row.bytes.codebook, 2 * 2);  // 1 and -1 as F16
  EXPECT_EQ(row.bytes.code_tables, 0);
  EXPECT_EQ(row.bytes.values + row.bytes.indices + row.bytes.padding, (199 * 2 + 7) / 8 + (199 * 5 + 7) / 8);
  EXPECT_NEAR(static_cast<double>(row.bytes.padding), 99.0 * 7 / 8, 2);
}

// Entries of zero with small gaps, which no writer makes, are no padding: what is told of them stays within the stream.
TEST(PackageFileTest, TheLedgerOfEntriesThatNeedNotBe) {
  std::vector<uint8_t> gaps(1000, 0), codes(1000, 0);
  for (const uint8_t gap : {1, 3}) gaps.push_back(gap), codes.push_back(1);
  const std::string coded = HuffmanEncode(gaps), packed = PackSymbols(codes, 1);
  const float value = 1;
  std::string section = {2, 1};  // shared values, of which there is one
  section.append(reinterpret_cast<const char*>(&value), sizeof value);
  section.push_back(2);  // bits of gaps
  AppendVarint(gaps.size(), &section);
  AppendVarint(coded.size() + 1, &section);
  AppendVarint(0, &section);
  const std::string info = OneTensor(1, 2000, ConstantValue{0}).info.SerializeAsString();
  std::string file(kPackageMagic);
  AppendVarint(2 * info.size(), &file);
  file = Sealed(file + info + section + coded + packed + std::string(kChecksumBytes, '\0'));
  const absl::StatusOr<PackageLedger> ledger = ExplainPackage(file);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  EXPECT_EQ(ledger->rows[0].kept, 2);
  EXPECT_GE(ledger->rows[0].bytes.indices, 0);
  EXPECT_GE(ledger->rows[0].bytes.values, 0);
  EXPECT_EQ(ledger->file_bytes(), static_cast<int64_t>(file.size()));
}

TEST(PackageFileTest, CodesBeyondTheCodebookAreRefused) {
  const std::string good = Encode(OneTensor(1, 4, SharedValues{{0, 1, 2}, {1, 2, 0, 1}}), {0, false});
  const std::string packed = PackSymbols(std::vector<uint8_t>{1, 2, 0, 1}, 2);
  std::string bad = good;
  bad.replace(bad.rfind(packed), packed.size(), PackSymbols(std::vector<uint8_t>{1, 3, 0, 1}, 2));
  EXPECT_THAT(DecodeError(Sealed(bad)), HasSubstr("dense1/weight: expected"));
  EXPECT_EQ(ExplainPackage(Sealed(bad)).status(), DecodePackage(Sealed(bad)).status());
}

TEST(PackageFileTest, EverySingleBitFlipIsFound) {
  const std::string bytes = Encode(RandomPackage(3));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      ASSERT_FALSE(DecodePackage(flipped).ok()) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(PackageFileTest, EveryTruncationIsFound) {
  const std::string bytes = Encode(RandomPackage(4));
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(DecodePackage(absl::string_view(bytes).substr(0, size)).ok()) << size;
    if (size < kPackageMagic.size() + kChecksumBytes) continue;
    ASSERT_FALSE(DecodePackage(Sealed(bytes.substr(0, size))).ok()) << size;
  }
  EXPECT_THAT(DecodeError(Sealed(bytes + "x")), HasSubstr("expected the end after 7 sections, found 1 bytes more"));
}

TEST(PackageFileTest, CodebooksAreSortedAndAsSmallAsTheyCanBe) {
  const std::string bytes = Encode(OneTensor(2, 3, SharedValues{{0, 0.5f, 3, -2, 0.5f}, {1, 3, 4, 0, 1, 3}}));
  const absl::StatusOr<Package> decoded = DecodePackage(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const auto& shared = std::get<SharedValues>(decoded->tensors[0].values);
  EXPECT_THAT(shared.codebook, ElementsAre(0, -2, 0.5f));
  EXPECT_THAT(shared.codes, ElementsAre(2, 1, 2, 0, 2, 1));
}

TEST(PackageFileTest, WhollyPrunedWeightsNeedNextToNothing) {
  const std::string none = Encode(OneTensor(300, 784, ConstantValue{0}));
  const std::string bytes = Encode(OneTensor(300, 784, SharedValues{{0}, std::vector<uint8_t>(300 * 784)}));
  EXPECT_LE(bytes.size(), none.size() + 2);
  const absl::StatusOr<Package> decoded = DecodePackage(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(std::get<SharedValues>(decoded->tensors[0].values).codes, std::vector<uint8_t>(300 * 784));
}

TEST(PackageFileTest, PackagesThatBreakTheirRulesAreRefused) {
  Package package = RandomPackage(1);
  package.tensors[1].name = "other";
  EXPECT_THAT(EncodeError(package), HasSubstr("expected batch_norm1/scale [6], found other [6]"));
  package.tensors.pop_back();
  EXPECT_THAT(EncodeError(package), HasSubstr("expected the 7 parameters and states of the network, found 6 tensors"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, SharedValues{{0, 1}, {1}})), HasSubstr("expected 2 values, found 1"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, SharedValues{{0, 1}, {1, 2}})), HasSubstr("codes below 2, found 2"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, SharedValues{{1, 2}, {1, 0}})), HasSubstr("expected a codebook of 0"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, SharedValues{{0, -0.0f}, {1, 0}})), HasSubstr("expected a codebook of 0"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, FloatValues{DType::kF16, {1, 1e-9f}})),
              HasSubstr("values that f16 can hold"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, IntegerValues{8, {1}, {1, 128}})), HasSubstr("integers of 8 bits"));
  EXPECT_THAT(EncodeError(OneTensor(3, 1, IntegerValues{8, {1, 2}, {1, 2, 3}})), HasSubstr("1 or 3 scales, found 2"));
  EXPECT_THAT(EncodeError(OneTensor(3, 1, IntegerValues{4, {1}, {1, 2, 3}})), HasSubstr("8 or 16 bits, found 4"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, FloatValues{DType::kF32, {1, INFINITY}})), HasSubstr("finite numbers"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, SharedValues{{0, NAN}, {1, 0}})), HasSubstr("finite numbers"));
  EXPECT_THAT(EncodeError(OneTensor(1, 2, ConstantValue{NAN})), HasSubstr("finite numbers"));
  EXPECT_THAT(EncodeError(Package()), HasSubstr("model"));
  Package wordy = RandomPackage(1);
  wordy.info.mutable_model()->set_name(std::string(kMaximumHeaderBytes, 'x'));
  EXPECT_THAT(EncodeError(wordy), HasSubstr("expected a description of the network of at most 1048576 bytes"));
}

// A network that would need terabytes in a file of some bytes.
TEST(PackageFileTest, NetworksTooLargeForTheirFileAreRefused) {
  const Package huge = OneTensor(1 << 20, 1 << 18, ConstantValue{1});
  EXPECT_THAT(EncodeError(huge), HasSubstr("which no reader would take"));
  std::string bytes = Encode(OneTensor(1 << 10, 1 << 10, ConstantValue{1}));
  PackageInfo info = huge.info;
  std::string file(kPackageMagic);
  const std::string header = info.SerializeAsString();
  file += static_cast<char>(2 * header.size());
  file += header + bytes.substr(bytes.size() - kChecksumBytes - 3);
  EXPECT_THAT(DecodeError(Sealed(file)), HasSubstr("expected a network of at most"));
}

TEST(PackageFileTest, OtherFilesAreTold) {
  EXPECT_THAT(DecodeError(""), HasSubstr("expected a package, which begins with \"ESP1\""));
  EXPECT_THAT(DecodeError("ESP2 and so on"), HasSubstr("expected a package"));
  EXPECT_THAT(DecodeError("ESP1"), HasSubstr("expected a whole package"));
  EXPECT_THAT(DecodeError("ESP1abcdefgh"), HasSubstr("torn or corrupt"));
  EXPECT_THAT(DecodeError(Sealed(std::string("ESP1\x04zz    ", 11))), HasSubstr("header"));
}

}  // namespace
}  // namespace espalier
