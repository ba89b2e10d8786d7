#include "core/files/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/files/testing/faulty_file_system.h"
#include "core/random.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

std::string Serialize(absl::Span<const NamedTensor> tensors, const std::map<std::string, std::string>& metadata = {}) {
  FaultyFileSystem files;
  auto file = files.OpenForWriting("f");
  const absl::Status status = WriteSafetensors(tensors, metadata, file->get());
  EXPECT_TRUE(status.ok()) << status;
  return *ReadFile(&files, "f", 1 << 20);
}

absl::StatusOr<SafetensorsReader> Parse(const std::string& bytes) {
  FaultyFileSystem files;
  EXPECT_TRUE((*files.OpenForWriting("f"))->Append(bytes).ok());
  return SafetensorsReader::Open(*files.OpenForReading("f"));
}

// A file of this header and so many bytes of data.
std::string File(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\1');
}

std::vector<NamedTensor> SmallModel() {
  return {{"conv/weight", Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6})},
          {"codes", Tensor::Of<uint8_t>({3}, {7, 8, 9})},
          {"conv/bias", Tensor::Of<float>({2}, {-1, 0.5})},
          {"empty", Tensor(DType::kS32, {0, 4})},
          {"half", Tensor::Of<BFloat16>({1}, {ToBFloat16(1)})},
          {"scalar", Tensor::Of<int32_t>({}, {-2})}};
}

TEST(Safetensors, LayoutByHand) {
  const std::string bytes = Serialize(SmallModel(), {{"format", "pt"}});
  const std::string header = R"({"__metadata__":{"format":"pt"},)"
                             R"("conv/bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("conv/weight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
                             R"("empty":{"dtype":"I32","shape":[0,4],"data_offsets":[32,32]},)"
                             R"("scalar":{"dtype":"I32","shape":[],"data_offsets":[32,36]},)"
                             R"("half":{"dtype":"BF16","shape":[1],"data_offsets":[36,38]},)"
                             R"("codes":{"dtype":"U8","shape":[3],"data_offsets":[38,41]}})";
  const size_t data_begin = (8 + header.size() + 63) / 64 * 64;
  ASSERT_EQ(bytes.size(), data_begin + 41);
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length, data_begin - 8);
  EXPECT_EQ(bytes.substr(8, header.size()), header);
  EXPECT_EQ(bytes.substr(8 + header.size(), data_begin - 8 - header.size()),
            std::string(data_begin - 8 - header.size(), ' '));
  EXPECT_EQ(bytes.substr(data_begin + 4, 8), std::string("\0\0\0\x3f\0\0\x80\x3f", 8));  // 0.5, 1.0
  EXPECT_EQ(bytes.substr(data_begin + 32), std::string("\xfe\xff\xff\xff\x80\x3f\7\x8\x9"));
}

TEST(Safetensors, RoundTripsInAnyOrder) {
  std::vector<NamedTensor> model = SmallModel();
  const std::string bytes = Serialize(model, {{"a\"b", "\xc3\xa9\n"}});
  std::reverse(model.begin(), model.end());
  EXPECT_EQ(Serialize(model, {{"a\"b", "\xc3\xa9\n"}}), bytes);

  auto reader = Parse(bytes);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->metadata().at("a\"b"), "\xc3\xa9\n");
  std::vector<NamedTensor> loaded;
  for (const NamedTensor& named : model) {
    loaded.push_back({named.name, Tensor(named.tensor.dtype(), named.tensor.shape())});
  }
  ASSERT_TRUE(reader->ReadAll(loaded).ok());
  EXPECT_EQ(Serialize(loaded, {{"a\"b", "\xc3\xa9\n"}}), bytes);
  EXPECT_TRUE(Parse(Serialize({}))->entries().empty());
}

TEST(Safetensors, ReadAllListsEveryMismatch) {
  auto reader = Parse(Serialize(SmallModel()));
  ASSERT_TRUE(reader.ok());
  Tensor untouched = Tensor::Of<float>({2}, {8, 8});
  const absl::Status status = reader->ReadAll({{"conv/bias", untouched},
                                               {"conv/weight", Tensor(DType::kF32, {3, 2})},
                                               {"codes", Tensor(DType::kS8, {3})},
                                               {"empty", Tensor(DType::kS32, {0, 4})},
                                               {"fc/weight", Tensor(DType::kF32, {1})}});
  EXPECT_EQ(status.message(),
            "f: does not fit this model: conv/weight: expected f32 [3, 2], found f32 [2, 3]; unexpected scalar; "
            "unexpected half; codes: expected s8 [3], found u8 [3]; missing fc/weight");
  EXPECT_EQ(untouched.data<float>()[0], 8);
}

TEST(Safetensors, WriterRefusesBadNames) {
  FaultyFileSystem files;
  auto file = files.OpenForWriting("f");
  const Tensor tensor(DType::kF32, {1});
  for (const std::vector<NamedTensor>& bad :
       {std::vector<NamedTensor>{{"a", tensor}, {"a", tensor}}, {{"__metadata__", tensor}}, {{"\xff", tensor}}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(WriteSafetensors(bad, {}, file->get())));
  }
  EXPECT_EQ(files.Stat("f")->bytes, 0u);
}

TEST(Safetensors, ReaderAcceptsForeignLayouts) {
  auto reader =
      Parse(File("{\"b\" : {\"shape\":[1], \"data_offsets\":[4,8], \"dtype\":\"F32\"},\n"
                 "\"e\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[4,4]},"
                 "\"a\":{\"dtype\":\"U8\",\"shape\":[2,2],\"data_offsets\":[0,4]}}  ",
                 8));
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->entries()[0].name, "a");
  EXPECT_EQ(reader->entries()[1].name, "e");
  EXPECT_EQ(reader->entries()[2].name, "b");
}

// PyTorch's batch norms count their batches in 64 bits.
TEST(Safetensors, TensorsOfForeignTypesAreSeen) {
  const auto reader =
      Parse(File("{\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                 "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
                 12));
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_EQ(reader->entries().size(), 2);
  EXPECT_EQ(reader->entries()[0].foreign_dtype, "I64");
  EXPECT_EQ(reader->entries()[1].foreign_dtype, "");
  EXPECT_TRUE(reader->Read(reader->entries()[1], Tensor(DType::kF32, {1})).ok());
  const absl::Status status = reader->ReadAll({{"n", Tensor(DType::kF32, {})}, {"w", Tensor(DType::kF32, {1})}});
  EXPECT_THAT(std::string(status.message()), HasSubstr("n: expected f32 [], found I64 []"));
}

TEST(Safetensors, ReaderRefusesAndSaysWhy) {
  const auto tensor = [](const std::string& name, const std::string& shape, const std::string& offsets,
                         const std::string& dtype = "F32") {
    return absl::StrCat("\"", name, "\":{\"dtype\":\"", dtype, "\",\"shape\":[", shape, "],\"data_offsets\":[", offsets,
                        "]}");
  };
  const struct {
    std::string header;
    size_t data_bytes;
    std::string message;
  } kCases[] = {
      {"{" + tensor("a", "1", "0,4") + "," + tensor("b", "1", "8,12") + "}", 12, "begin at 8, expected 4"},
      {"{" + tensor("a", "1", "0,4") + "," + tensor("b", "1", "2,6") + "}", 6, "begin at 2, expected 4"},
      {"{" + tensor("a", "1", "0,4") + "," + tensor("b", "1", "0,4") + "}", 4, "begin at 0, expected 4"},
      {"{" + tensor("a", "1", "4,8") + "}", 8, "begin at 4, expected 0"},
      {"{" + tensor("a", "1", "0,4") + "}", 5, "data of 5 bytes, expected 4"},
      {"{" + tensor("a", "1", "0,4") + "}", 3, "data of 3 bytes, expected 4"},
      {"{" + tensor("a", "1", "0,4") + "," + tensor("a", "1", "4,8") + "}", 8, "no second member \"a\""},
      {"{" + tensor("a", "1", "0,4", "F8") + "}", 4, "dtype \"F8\"; expected F32"},
      {"{" + tensor("a", "1", "0,4", "I64") + "}", 4, "shape [1] of I64 does not fill data_offsets [0, 4]"},
      {"{" + tensor("a", "2", "0,4") + "}", 4, "shape [2] of F32 does not fill data_offsets [0, 4]"},
      {"{" + tensor("a", "4611686018427387905", "0,4") + "}", 4, "does not fill"},  // times 4 is 4 modulo 2^64
      {"{" + tensor("a", "4294967296,4294967296", "0,0") + "}", 0, "product is below 2^63"},
      {"{" + tensor("a", "0,4294967296,4294967296", "0,0") + "}", 0, "product is below 2^63"},
      {"{" + tensor("a", "9223372036854775808", "0,0") + "}", 0, "a dimension below 2^63"},
      {"{" + tensor("a", "1,1,1,1,1,1,1", "0,4") + "}", 4, "at most 6 dimensions"},
      {"{" + tensor("a", "-1", "0,4") + "}", 4, "an unsigned integer, found '-'"},
      {"{" + tensor("a", "1", "4,0") + "}", 4, "two rising data_offsets"},
      {"{" + tensor("a", "1", "0") + "}", 4, "two rising data_offsets"},
      {"{" + tensor("a", "1", "0,4,8") + "}", 4, "two data_offsets"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "all of the members"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"strides\":[1]}}", 4, "one of the members"},
      {"{\"__metadata__\":{\"a\":1}}", 0, "byte 21: expected '\"', found '1'"},
      {"{} x", 0, "expected the end, found 'x'"},
      {"", 0, "expected '{', found the end"},
      {" {}", 0, "expected '{', found ' '"},
  };
  for (const auto& test : kCases) {
    const absl::Status status = Parse(File(test.header, test.data_bytes)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << test.header;
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.message));
    EXPECT_THAT(std::string(status.message()), HasSubstr("f: ")) << "names the file";
  }
  EXPECT_THAT(std::string(Parse("1234567").status().message()), HasSubstr("has 7 bytes, expected at least 8"));
  EXPECT_THAT(std::string(Parse(std::string(16, '\x7f')).status().message()), HasSubstr("expected at most 8"));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string bytes = Serialize(SmallModel(), {{"format", "pt"}});
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(Parse(bytes.substr(0, size)).ok()) << size;
}

// Whatever the bytes, the reader answers, and what it accepts can be read.
void ParseAndReadAll(const std::string& bytes) {
  auto reader = Parse(bytes);
  if (!reader.ok()) return;
  for (const SafetensorsReader::Entry& entry : reader->entries()) {
    ASSERT_LE(entry.end, bytes.size());
    if (entry.foreign_dtype.empty()) {
      ASSERT_TRUE(reader->Read(entry, Tensor(entry.dtype, entry.shape)).ok());
    }
  }
}

TEST(Safetensors, EveryBitFlipIsRead) {
  const std::string bytes = Serialize(SmallModel(), {{"format", "pt"}});
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    ParseAndReadAll(flipped);
  }
}

TEST(Safetensors, RandomEditsAreRead) {
  const std::string original = Serialize(SmallModel(), {{"format", "pt"}});
  for (int trial = 0; trial < 20'000; ++trial) {
    Random random(1, "edits", 0, trial);
    std::string bytes = original;
    for (int edit = random.Below(4); edit >= 0; --edit) {
      const size_t at = random.Below(static_cast<uint32_t>(bytes.size()));
      const std::string piece = original.substr(random.Below(static_cast<uint32_t>(original.size())), random.Below(24));
      bytes.replace(at, random.Below(24), piece);
      if (bytes.empty()) break;
    }
    ParseAndReadAll(bytes);
  }
}

// The layout as another implementation sees it, with nothing but Python's own json and struct.
TEST(Safetensors, IsReadableFromPython) {
  if (std::system("python3 -c 'import json, struct' 2>/dev/null") != 0) GTEST_SKIP() << "no python3";
  const std::string path = absl::StrCat(::testing::TempDir(), "/model.safetensors");
  ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), path, Serialize(SmallModel(), {{"format", "pt"}})).ok());
  const std::string script =
      "import json, struct\n"
      "data = open('" +
      path +
      "', 'rb').read()\n"
      "(length,) = struct.unpack('<Q', data[:8])\n"
      "header, body = json.loads(data[8:8 + length]), data[8 + length:]\n"
      "assert header.pop('__metadata__') == {'format': 'pt'}\n"
      "formats = {'F32': 'f', 'BF16': 'H', 'I32': 'i', 'U8': 'B'}\n"
      "def values(name):\n"
      "  begin, end = header[name]['data_offsets']\n"
      "  code = formats[header[name]['dtype']]\n"
      "  assert (8 + length + begin) % struct.calcsize(code) == 0\n"
      "  return [x for (x,) in struct.iter_unpack('<' + code, body[begin:end])]\n"
      "assert header['conv/weight']['shape'] == [2, 3] and values('conv/weight') == [1, 2, 3, 4, 5, 6]\n"
      "assert values('conv/bias') == [-1, 0.5] and values('scalar') == [-2] and values('codes') == [7, 8, 9]\n"
      "assert values('half') == [0x3f80] and values('empty') == []\n"
      "assert max(entry['data_offsets'][1] for entry in header.values()) == len(body)\n";
  ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), path + ".py", script).ok());
  EXPECT_EQ(std::system(absl::StrCat("python3 ", path, ".py").c_str()), 0);
}

}  // namespace
}  // namespace espalier
