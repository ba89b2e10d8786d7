#include "compression/import/safetensors_import.h"

#include <google/protobuf/text_format.h>

#include <limits>

#include "core/files/testing/faulty_file_system.h"
#include "core/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kModel[] = R"(
  input { name: "x" dims: [2, 4, 4] }
  layer { name: "conv" conv { channels: 3 kernel: 3 bias: false } } layer { batch_norm {} } layer { relu {} }
  layer { name: "fc" dense { channels: 2 } })";

ImportTarget Target() {
  Model model;
  CHECK(google::protobuf::TextFormat::ParseFromString(kModel, &model));
  auto target = MakeImportTarget(model);
  CHECK(target.ok()) << target.status();
  return *std::move(target);
}

Tensor Filled(const Shape& shape, uint64_t seed) {
  Tensor tensor(DType::kF32, shape);
  Random random(seed, "tensor", 0, 0);
  for (float& value : tensor.span<float>()) value = random.Uniform(-1, 1);
  return tensor;
}

// As torch.nn.Sequential(Conv2d, BatchNorm2d, ReLU, Flatten, Linear) has them; the counter apart.
std::vector<NamedTensor> Theirs() {
  return {{"0.weight", Filled({3, 2, 3, 3}, 1)},
          {"1.weight", Filled({3}, 2)},
          {"1.bias", Filled({3}, 3)},
          {"1.running_mean", Filled({3}, 4)},
          {"1.running_var", Filled({3}, 5)},
          {"4.weight", Filled({2, 12}, 6)},
          {"4.bias", Filled({2}, 7)}};
}

absl::StatusOr<ImportedTensors> Import(const std::vector<NamedTensor>& tensors,
                                       const std::vector<NamePair>& table = {}) {
  FaultyFileSystem files;
  auto out = files.OpenForWriting("m.safetensors");
  CHECK(WriteSafetensors(tensors, {}, out->get()).ok());
  auto reader = SafetensorsReader::Open(*files.OpenForReading("m.safetensors"));
  CHECK(reader.ok()) << reader.status();
  return ImportSafetensors(*reader, Target(), table, "names.txt");
}

std::vector<float> ValuesOf(const PackedTensor& tensor) {
  std::vector<float> values(tensor.shape.elements());
  EffectiveValues(tensor, values.data());
  return values;
}

TEST(SafetensorsImport, EveryNumberArrives) {
  const std::vector<NamedTensor> theirs = Theirs();
  const auto imported = Import(theirs);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_THAT(imported->theirs,
              ElementsAre("0.weight", "1.weight", "1.bias", "4.weight", "4.bias", "1.running_mean", "1.running_var"));
  for (size_t i = 0; i < imported->theirs.size(); ++i) {
    for (const NamedTensor& tensor : theirs) {
      if (tensor.name != imported->theirs[i]) continue;
      const auto span = tensor.tensor.span<float>();
      EXPECT_EQ(ValuesOf(imported->package.tensors[i]), std::vector<float>(span.begin(), span.end())) << tensor.name;
    }
  }
}

TEST(SafetensorsImport, HalvesAreWidened) {
  std::vector<NamedTensor> theirs = Theirs();
  theirs[6].tensor = Tensor(DType::kF16, {2});
  theirs[6].tensor.data<Float16>()[0] = ToFloat16(0.5f);
  theirs[2].tensor = Tensor(DType::kBF16, {3});
  theirs[2].tensor.data<BFloat16>()[2] = ToBFloat16(-3.0f);
  const auto imported = Import(theirs);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_THAT(ValuesOf(imported->package.tensors[4]), ElementsAre(0.5f, 0));
  EXPECT_THAT(ValuesOf(imported->package.tensors[2]), ElementsAre(0, 0, -3));
}

TEST(SafetensorsImport, AllProblemsAtOnce) {
  std::vector<NamedTensor> theirs = Theirs();
  theirs[6].tensor = Tensor(DType::kS32, {2});
  theirs[0].tensor.data<float>()[7] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(
      std::string(Import(theirs).status().message()),
      AllOf(HasSubstr("m.safetensors cannot be imported"), HasSubstr("4.bias: expected F32, F16 or BF16, found s32"),
            HasSubstr("0.weight: element 7: expected a finite number, found inf")));
  theirs = Theirs();
  theirs[0].tensor = Tensor(DType::kF32, {3, 2, 5, 5});
  theirs.push_back({"extra", Tensor(DType::kF32, {1})});
  EXPECT_THAT(std::string(Import(theirs).status().message()),
              AllOf(HasSubstr("m.safetensors does not fit the model"),
                    HasSubstr("conv/weight: expected a tensor [3, 2, 3, 3], found none"),
                    HasSubstr("0.weight: expected a use for each tensor of the file, found none for [3, 2, 5, 5]"),
                    HasSubstr("extra: expected a use")));
}

}  // namespace
}  // namespace espalier
