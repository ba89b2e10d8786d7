#include "data/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "data/testing/fixtures.h"

namespace espalier {
namespace {

using ::espalier::testing::Bytes;
using ::espalier::testing::TestFolder;
using ::espalier::testing::WriteTestFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Records with these labels; pixel k of record i is i + k.
Bytes Records(const std::vector<Bytes>& labels) {
  Bytes file;
  for (size_t i = 0; i < labels.size(); ++i) {
    file.insert(file.end(), labels[i].begin(), labels[i].end());
    for (size_t k = 0; k < 3072; ++k) file.push_back(static_cast<uint8_t>(i + k));
  }
  return file;
}

int32_t LabelOf(const ImageSource& source, int64_t index, ImageView* view) {
  ReadScratch scratch;
  int32_t label = -1;
  EXPECT_TRUE(source.Read(index, &scratch, view, &label).ok());
  return label;
}

TEST(Cifar10, JoinsTheFiveTrainingFiles) {
  for (uint8_t i = 1; i <= 5; ++i) {
    WriteTestFile("data_batch_" + std::to_string(i) + ".bin", Records({{i}, {static_cast<uint8_t>(i + 1)}}));
  }
  const auto source = OpenCifar10(TestFolder(""), true);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->size(), 10);
  EXPECT_EQ((*source)->classes(), 10);
  ImageView view;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(LabelOf(**source, i, &view), 1 + i / 2 + i % 2);
    EXPECT_EQ(view.pixels[7], i % 2 + 7);
    EXPECT_EQ(view.pixels[3071], static_cast<uint8_t>(i % 2 + 3071));
  }
}

TEST(Cifar10, ErrorsSayWhereAndWhat) {
  const auto error = [] { return OpenCifar10(TestFolder(""), false).status().ToString(); };
  EXPECT_THAT(error(), AllOf(HasSubstr("test_batch.bin"), HasSubstr("--data_dir"), HasSubstr("cifar10/")));
  Bytes file = Records({{1}, {2}, {3}});
  file.pop_back();
  WriteTestFile("test_batch.bin", file);
  EXPECT_THAT(error(), AllOf(HasSubstr("records of 3073 bytes"), HasSubstr("found 9218 bytes (2 records and 3072")));
  WriteTestFile("test_batch.bin", Records({{1}, {10}}));
  EXPECT_THAT(error(), AllOf(HasSubstr("offset 3073 (record 1)"), HasSubstr("label below 10, found 10")));
  WriteTestFile("test_batch.bin", {});
  EXPECT_THAT(error(), HasSubstr("found 0 bytes"));
  WriteTestFile("test_batch.bin", espalier::testing::Gzip(Records({{1}})));
  EXPECT_THAT(error(), HasSubstr("found a gzip file"));
}

TEST(Cifar100, HasCoarseAndFineLabels) {
  WriteTestFile("test.bin", Records({{19, 99}, {0, 20}}));
  for (bool coarse : {false, true}) {
    const auto source = OpenCifar100(TestFolder(""), false, coarse);
    ASSERT_TRUE(source.ok()) << source.status();
    EXPECT_EQ((*source)->classes(), coarse ? 20 : 100);
    ImageView view;
    EXPECT_EQ(LabelOf(**source, 0, &view), coarse ? 19 : 99);
    EXPECT_EQ(LabelOf(**source, 1, &view), coarse ? 0 : 20);
    EXPECT_EQ(view.pixels[0], 1);
  }
  WriteTestFile("test.bin", Records({{20, 99}}));
  EXPECT_THAT(OpenCifar100(TestFolder(""), false, false).status().ToString(), HasSubstr("label below 20, found 20"));
}

TEST(Cifar10, DamagedFilesAreErrorsOrSameSize) {
  const Bytes file = Records({{1}, {2}});
  espalier::testing::ForEachDamage(file, 200, [](const Bytes& damaged) {
    WriteTestFile("test_batch.bin", damaged);
    const auto source = OpenCifar10(TestFolder(""), false);
    if (source.ok()) EXPECT_EQ((*source)->size(), static_cast<int64_t>(damaged.size() / 3073));
  });
}

TEST(Cifar10, ReadsTheRealFiles) {
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  if (data_dir == nullptr) GTEST_SKIP() << "ESPALIER_DATA_DIR is unset";
  const auto source = OpenCifar10(std::string(data_dir) + "/cifar10", false);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->size(), 10000);
  ImageView view;
  std::vector<int> counts(10);
  for (int i = 0; i < 10000; ++i) ++counts[LabelOf(**source, i, &view)];
  EXPECT_THAT(counts, ::testing::Each(1000));
}

}  // namespace
}  // namespace espalier
