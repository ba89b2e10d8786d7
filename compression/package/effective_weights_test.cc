#include "compression/package/effective_weights.h"

#include "core/files/safetensors.h"
#include "core/files/testing/faulty_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

Package TwoTensors() {
  Package package;
  package.tensors = {{"fc/weight", Shape{2, 2}, SharedValues{{0, 0.5f, -2}, {2, 0, 1, 2}}},
                     {"fc/bias", Shape{2}, IntegerValues{8, {0.25f}, {4, -8}}}};
  return package;
}

TEST(EffectiveWeights, ASafetensorsFileUnderTheSameNames) {
  FaultyFileSystem files;
  const auto bytes = WriteEffectiveWeights(&files, "w.safetensors", TwoTensors());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, files.Stat("w.safetensors")->bytes);
  EXPECT_FALSE(files.Exists("w.safetensors.tmp"));
  const auto reader = SafetensorsReader::Open(*files.OpenForReading("w.safetensors"));
  ASSERT_TRUE(reader.ok()) << reader.status();
  const Tensor weight(DType::kF32, {2, 2}), bias(DType::kF32, {2});
  ASSERT_TRUE(reader->ReadAll({{"fc/weight", weight}, {"fc/bias", bias}}).ok());
  EXPECT_THAT(weight.span<float>(), ElementsAre(-2, 0, 0.5f, -2));
  EXPECT_THAT(bias.span<float>(), ElementsAre(1, -2));
}

// Killed at any moment, it has written the whole file or none.
TEST(EffectiveWeights, TheFileIsWholeOrNotThere) {
  FaultyFileSystem good;
  const uint64_t bytes = WriteEffectiveWeights(&good, "w.safetensors", TwoTensors()).value();
  for (int operation = 1;; ++operation) {
    FaultyFileSystem files;
    files.KillAt(operation);
    const bool written = WriteEffectiveWeights(&files, "w.safetensors", TwoTensors()).ok();
    files.ClearFaults();
    if (const auto info = files.Stat("w.safetensors"); info.ok()) EXPECT_EQ(info->bytes, bytes);
    if (written) break;
  }
}

}  // namespace
}  // namespace espalier
