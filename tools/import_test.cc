#include "tools/import.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "compression/import/testing/han2016_writer.h"
#include "compression/package/package_file.h"
#include "core/files/file_system.h"
#include "core/files/safetensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct Result {
  int code;
  std::string out, err;
};

Result Import(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "import");
  std::ostringstream out, err;
  const int code = RunVerbs({ImportVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

std::string PathOf(const std::string& name) { return testing::TempDir() + "/" + name; }

std::string WriteFile(const std::string& name, const std::string& bytes) {
  CHECK(WriteFileAtomically(FileSystem::Posix(), PathOf(name), bytes).ok());
  return PathOf(name);
}

std::vector<float> ValuesOf(const PackedTensor& tensor) {
  std::vector<float> values(tensor.shape.elements());
  EffectiveValues(tensor, values.data());
  return values;
}

TEST(ImportTest, Han2016BecomesAPackageOfTheSameWeights) {
  const std::vector<Han2016TestLayer> layers = RandomTwoLayers(7);
  const std::string bytes = WriteHan2016(layers);
  const Result result = Import({"--format=han2016", "--model", WriteFile("two.pbtxt", kTwoLayerModel),
                                WriteFile("two.net", bytes), "--output", PathOf("two.esp")});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("header +8\n"));
  EXPECT_THAT(result.out, ContainsRegex("conv1 +72 .* 1,024 +16 "));
  EXPECT_THAT(result.out, ContainsRegex(absl::StrCat("total +252 .* ", bytes.size() / 1000, ",", bytes.size() % 1000)));
  const auto package = ReadPackage(FileSystem::Posix(), PathOf("two.esp"));
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_THAT(result.out, ContainsRegex("two.esp: [0-9]+ bytes with the same weights, [0-9,]+ fewer than the file"));
  for (int i = 0; i < 2; ++i) {
    std::vector<float> expected;
    for (const uint8_t code : layers[i].codes) expected.push_back(layers[i].codebook[code]);
    EXPECT_EQ(ValuesOf(package->tensors[2 * i]), expected);
  }
}

constexpr char kModel[] = R"(
  input { name: "image" dims: [3, 32, 32] }
  layer { name: "conv" conv { channels: 2 kernel: 3 bias: false } } layer { batch_norm {} }
  layer { name: "a" dense { channels: 4 } } layer { name: "b" dense { channels: 4 } }
  layer { name: "c" dense { channels: 4 } })";

std::string WriteForeign(const std::string& name) {
  auto file = FileSystem::Posix()->OpenForWriting(PathOf(name));
  CHECK(file.ok()) << file.status();
  std::vector<NamedTensor> tensors;
  const std::vector<std::pair<std::string, Shape>> shapes = {
      {"0.weight", {2, 3, 3, 3}}, {"1.weight", {2}},       {"1.bias", {2}},   {"1.running_mean", {2}},
      {"1.running_var", {2}},     {"4.weight", {4, 1800}}, {"4.bias", {4}},   {"up.weight", {4, 4}},
      {"up.bias", {4}},           {"down.weight", {4, 4}}, {"down.bias", {4}}};
  for (const auto& [tensor, shape] : shapes) {
    tensors.push_back({tensor, Tensor(DType::kF32, shape)});
    for (float& value : tensors.back().tensor.span<float>()) value = static_cast<float>(tensors.size());
  }
  CHECK(WriteSafetensors(tensors, {}, file->get()).ok());
  return PathOf(name);
}

TEST(ImportTest, SafetensorsByNamesAndTable) {
  const std::string model = WriteFile("foreign.pbtxt", kModel), file = WriteForeign("foreign.safetensors");
  const Result unnamed = Import({"--format=safetensors", "--model", model, file});
  EXPECT_EQ(unnamed.code, kExitBadUsage);
  EXPECT_THAT(unnamed.err, AllOf(HasSubstr("b/weight: expected a tensor [4, 4], found none for certain"),
                                 HasSubstr("up.bias: expected a use"), Not(HasSubstr("conv/weight"))));
  const Result named =
      Import({"--format=safetensors", "--model", model, file, "--names", WriteFile("names.txt", "up c\ndown b\n"),
              "--output", PathOf("foreign.esp"), "--weights", PathOf("ours.safetensors")});
  ASSERT_EQ(named.code, kExitDone) << named.err;
  EXPECT_THAT(named.out, ContainsRegex("0.weight +conv/weight +# \\[2, 3, 3, 3\\]\n"));
  EXPECT_THAT(named.out, ContainsRegex("1.running_var +batch_norm1/variance "));
  const auto package = ReadPackage(FileSystem::Posix(), PathOf("foreign.esp"));
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->info.data().validation().normalize().mean(0), 0.485f);
  for (const PackedTensor& tensor : package->tensors) {
    if (tensor.name == "c/weight") EXPECT_EQ(ValuesOf(tensor), std::vector<float>(16, 8));
    if (tensor.name == "batch_norm1/mean") EXPECT_EQ(ValuesOf(tensor), std::vector<float>(2, 4));
  }
  // What it printed is a table that says the same, and what it wrote is in our names.
  const Result again = Import({"--format=safetensors", "--model", model, file, "--names",
                               WriteFile("printed.txt", named.out.substr(0, named.out.find("\n\n") + 1))});
  EXPECT_EQ(again.code, kExitDone) << again.err;
  EXPECT_EQ(Import({"--format=safetensors", "--model", model, PathOf("ours.safetensors")}).code, kExitDone);
}

TEST(ImportTest, Errors) {
  const std::string model = WriteFile("two.pbtxt", kTwoLayerModel);
  const std::string bytes = WriteHan2016(RandomTwoLayers(1));
  const auto error = [](const std::vector<std::string>& arguments) {
    const Result result = Import(arguments);
    EXPECT_EQ(result.code, kExitBadUsage) << result.out;
    return result.err;
  };
  EXPECT_THAT(error({"x"}), HasSubstr("--format: expected han2016 or safetensors, found none"));
  EXPECT_THAT(error({"x", "--format=onnx"}), HasSubstr("found onnx"));
  EXPECT_THAT(error({"x", "--format=han2016"}), HasSubstr("--model: expected"));
  EXPECT_THAT(error({"x", "--format=han2016", "--weights=same", "--output=same"}),
              HasSubstr("--weights: expected another file than --output, found same"));
  EXPECT_THAT(error({"x", "--format=han2016", "--model", model, "--names=t"}), HasSubstr("--names: expected"));
  EXPECT_THAT(error({"x", "--format=han2016", "--model", model, "--preprocessing=none"}), HasSubstr("found none"));
  EXPECT_THAT(error({"/nowhere.net", "--format=han2016", "--model", model}), HasSubstr("/nowhere.net"));
  EXPECT_THAT(error({WriteFile("cut.net", bytes.substr(0, 500)), "--format=han2016", "--model", model}),
              HasSubstr("the file is cut off"));
  EXPECT_THAT(error({WriteFile("other.net", bytes), "--format=han2016", "--model", "lenet5"}),
              HasSubstr("other.net: "));
  EXPECT_THAT(error({WriteFile("bad.safetensors", "12345678"), "--format=safetensors", "--model", model}),
              HasSubstr("bad.safetensors"));
}

}  // namespace
}  // namespace espalier
