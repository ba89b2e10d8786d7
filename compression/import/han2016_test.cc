#include "compression/import/han2016.h"

#include <google/protobuf/text_format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>

#include "compression/import/testing/han2016_writer.h"
#include "core/files/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

ImportTarget TargetOf(const std::string& text) {
  Model model;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  auto target = MakeImportTarget(model);
  CHECK(target.ok()) << target.status();
  return *std::move(target);
}

absl::StatusOr<Han2016File> Read(const std::string& bytes, const std::string& model = kTwoLayerModel) {
  return ReadHan2016(bytes, "x.net", TargetOf(model));
}

std::string ErrorOf(const std::string& bytes, const std::string& model = kTwoLayerModel) {
  const auto file = Read(bytes, model);
  EXPECT_FALSE(file.ok());
  return std::string(file.status().message());
}

std::vector<float> ValuesOf(const PackedTensor& tensor) {
  std::vector<float> values(tensor.shape.elements());
  EffectiveValues(tensor, values.data());
  return values;
}

TEST(Han2016, WeightsComeBack) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<Han2016TestLayer> layers = RandomTwoLayers(seed);
    const std::string bytes = WriteHan2016(layers);
    const auto file = Read(bytes);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(file->package.tensors.size(), 4);
    uint64_t counted = file->header_bytes;
    for (int i = 0; i < 2; ++i) {
      std::vector<float> expected;
      for (const uint8_t code : layers[i].codes) expected.push_back(layers[i].codebook[code]);
      EXPECT_EQ(ValuesOf(file->package.tensors[2 * i]), expected);
      EXPECT_EQ(ValuesOf(file->package.tensors[2 * i + 1]), layers[i].bias);
      int64_t fillers = 0;
      for (const Han2016TestEntry& entry : EntriesOf(layers[i].codes)) fillers += entry.code == 0;
      EXPECT_EQ(file->layers[i].fillers, fillers);
      counted += file->layers[i].bytes();
    }
    EXPECT_EQ(counted, bytes.size());
  }
}

// Only code 0 is zero, and every other entry of the codebook is some weight's.
TEST(Han2016, CodebooksHoldWhatIsUsed) {
  std::vector<Han2016TestLayer> layers = RandomTwoLayers(1);
  layers[1].codebook[3] = 0;
  const auto file = Read(WriteHan2016(layers));
  ASSERT_TRUE(file.ok()) << file.status();
  for (int i = 0; i < 2; ++i) {
    const auto& shared = std::get<SharedValues>(file->package.tensors[2 * i].values);
    std::set<uint8_t> used(shared.codes.begin(), shared.codes.end());
    used.insert(0);
    EXPECT_EQ(used.size(), shared.codebook.size());
    for (size_t code = 0; code < shared.codebook.size(); ++code) EXPECT_EQ(shared.codebook[code] == 0, code == 0);
  }
}

TEST(Han2016, ALayerWithoutEntriesIsZero) {
  std::vector<Han2016TestLayer> layers = RandomTwoLayers(2);
  std::fill(layers[1].codes.begin(), layers[1].codes.end(), 0);
  const auto file = Read(WriteHan2016(layers));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(ValuesOf(file->package.tensors[2]), std::vector<float>(180));
}

constexpr uint64_t kFirstCodebook = 8, kFirstBias = kFirstCodebook + 256 * 4;

TEST(Han2016, ErrorsSayWhereAndWhat) {
  const std::vector<Han2016TestLayer> layers = RandomTwoLayers(3);
  const std::string good = WriteHan2016(layers);
  EXPECT_THAT(ErrorOf("abc"), AllOf(HasSubstr("x.net: expected 8 bytes of counts"), HasSubstr("found a file of 3")));
  EXPECT_THAT(ErrorOf(good + "!"), AllOf(HasSubstr(absl::StrCat("expected ", good.size(), " bytes")),
                                         HasSubstr(absl::StrCat("found ", good.size() + 1))));
  EXPECT_THAT(ErrorOf(good.substr(0, good.size() - 1)), HasSubstr("cut off"));
  std::string bytes = good;
  bytes[4 + 1] = 1;
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("byte 4: layer fc: expected at most 180 entries"));
  bytes = good;
  bytes[kFirstCodebook] = 1;
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("byte 8: layer conv1: expected 0 as the codebook's first entry"));
  bytes = good;
  const float nan = std::nanf("");
  std::memcpy(&bytes[kFirstBias + 4], &nan, sizeof nan);
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("byte 1036: layer conv1: bias 1: expected a finite number, found nan"));
}

TEST(Han2016, PositionsStayInsideTheLayer) {
  std::vector<Han2016TestLayer> layers = RandomTwoLayers(4);
  layers[1].codes.assign(180, 0);
  layers[1].codes[179] = 5;
  std::string bytes = WriteHan2016(layers);
  ASSERT_TRUE(Read(bytes).ok());
  bytes.back() = static_cast<char>(bytes.back() + 16);  // the last of 12 entries, in the high half
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("layer fc: entry 11: expected a position below 180, the layer's weights, "
                                        "found 180"));
}

TEST(Han2016, UnusedHalvesAreZero) {
  std::vector<Han2016TestLayer> layers = RandomTwoLayers(5);
  layers[1].codes.assign(180, 0);
  layers[1].codes[3] = 5;
  std::string bytes = WriteHan2016(layers);
  bytes.back() = static_cast<char>(bytes.back() | 0x40);
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("layer fc: expected 0 in the unused half of the byte, found 4"));
}

TEST(Han2016, ModelsThatTheFormatCannotHold) {
  EXPECT_THAT(ErrorOf("", R"(input { name: "x" dims: [2, 5, 5] }
      layer { name: "a" conv { channels: 4 kernel: 3 bias: false } } layer { name: "b" batch_norm {} })"),
              AllOf(HasSubstr("layer a: expected a bias, found none"),
                    HasSubstr("layer b: expected conv or dense, found batch_norm")));
  EXPECT_THAT(ErrorOf("", "input { name: 'x' dims: 4 } layer { relu {} }"), HasSubstr("expected layers with weights"));
}

// The authors' own file, where there is one.
TEST(Han2016, SqueezeNet) {
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  if (data_dir == nullptr) GTEST_SKIP() << "ESPALIER_DATA_DIR is unset";
  const std::string path = JoinPath(data_dir, "squeezenet/compressed_SqueezeNet.net");
  if (!FileSystem::Posix()->Exists(path)) GTEST_SKIP() << "no " << path;
  const auto bytes = ReadFile(FileSystem::Posix(), path, 1 << 20);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto document = LoadModel("configs/models/squeezenet_v1.0.pbtxt");
  ASSERT_TRUE(document.ok()) << document.status();
  auto target = MakeImportTarget(document->model);
  ASSERT_TRUE(target.ok()) << target.status();
  const auto file = ReadHan2016(*bytes, path, *std::move(target));
  ASSERT_TRUE(file.ok()) << file.status();
  uint64_t counted = file->header_bytes;
  int64_t weights = 0, entries = 0, fillers = 0;
  for (const Han2016Layer& layer : file->layers) {
    counted += layer.bytes();
    weights += layer.weights;
    entries += layer.entries;
    fillers += layer.fillers;
  }
  EXPECT_EQ(bytes->size(), 675763);
  EXPECT_EQ(counted, 675763);
  EXPECT_EQ(file->header_bytes, 104);
  EXPECT_EQ(weights, 1244448);
  EXPECT_EQ(entries, 422083);
  EXPECT_EQ(fillers, 6162);
  EXPECT_EQ(file->layers[25].entries, 105973);
  EXPECT_EQ(file->layers[25].fillers, 3650);
  int64_t kept = 0;
  for (const PackedTensor& tensor : file->package.tensors) {
    if (!std::holds_alternative<SharedValues>(tensor.values)) continue;
    for (const uint8_t code : std::get<SharedValues>(tensor.values).codes) kept += code != 0;
  }
  EXPECT_EQ(kept, 415921);
}

}  // namespace
}  // namespace espalier
