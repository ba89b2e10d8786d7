#include "data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "data/testing/fixtures.h"

namespace espalier {
namespace {

using ::espalier::testing::Bytes;
using ::espalier::testing::Gzip;
using ::espalier::testing::IdxFile;
using ::espalier::testing::WriteTestFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Bytes Counting(int count) {
  Bytes bytes(count);
  for (int i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i);
  return bytes;
}

std::string ErrorOf(const std::string& path, int min_rank = 3, int max_rank = 4) {
  const auto array = ReadIdx(path, min_rank, max_rank);
  EXPECT_FALSE(array.ok());
  return array.status().ToString();
}

TEST(ReadIdx, PlainAndGzipAreTheSame) {
  const Bytes file = IdxFile({2, 3, 4}, Counting(24));
  for (const Bytes& bytes : {file, Gzip(file)}) {
    const auto array = ReadIdx(WriteTestFile("a", bytes), 3, 4);
    ASSERT_TRUE(array.ok()) << array.status();
    EXPECT_THAT(array->dims, ElementsAre(2, 3, 4));
    EXPECT_EQ(array->values, Counting(24));
  }
}

TEST(ReadIdx, ErrorsSayWhereAndWhat) {
  EXPECT_THAT(ErrorOf("/nonexistent/file"), HasSubstr("/nonexistent/file"));
  EXPECT_THAT(ErrorOf(WriteTestFile("empty", {})), HasSubstr("expected 4 bytes of IDX magic, found 0"));
  EXPECT_THAT(ErrorOf(WriteTestFile("float", {0, 0, 0x0D, 3})), HasSubstr("00 00 0d 03"));
  EXPECT_THAT(ErrorOf(WriteTestFile("rank", IdxFile({4}, Counting(4)))), HasSubstr("00 00 08 01"));
  EXPECT_THAT(ErrorOf(WriteTestFile("short", IdxFile({2, 3, 4}, Counting(23)))),
              AllOf(HasSubstr("short"), HasSubstr("expected 40 bytes"), HasSubstr("found 39")));
  EXPECT_THAT(ErrorOf(WriteTestFile("long", IdxFile({2, 3, 4}, Counting(25)))), HasSubstr("found 41"));
  EXPECT_THAT(ErrorOf(WriteTestFile("zero", IdxFile({0, 3, 4}, {}))), HasSubstr("offset 4: dimension 0"));
  EXPECT_THAT(ErrorOf(WriteTestFile("short.gz", Gzip(IdxFile({2, 3, 4}, Counting(23))))),
              AllOf(HasSubstr("expected 24 bytes of values"), HasSubstr("found 23")));
  EXPECT_THAT(ErrorOf(WriteTestFile("long.gz", Gzip(IdxFile({2, 3, 4}, Counting(25))))),
              HasSubstr("offset 40: expected the end"));
}

// A header may announce anything; only what arrives takes memory.
TEST(ReadIdx, HostileHeadersCostNothing) {
  for (const std::vector<uint32_t>& dims : std::vector<std::vector<uint32_t>>{
           {0xFFFFFFFF, 28, 28}, {1, 0xFFFFFFFF, 0xFFFFFFFF}, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, {60000, 28, 28}}) {
    EXPECT_FALSE(ReadIdx(WriteTestFile("a", IdxFile(dims, Counting(100))), 3, 4).ok());
    EXPECT_FALSE(ReadIdx(WriteTestFile("a.gz", Gzip(IdxFile(dims, Counting(100)))), 3, 4).ok());
  }
}

TEST(ReadIdx, DamagedFilesAreErrorsOrSameSize) {
  const Bytes file = IdxFile({2, 3, 4}, Counting(24));
  for (const Bytes& bytes : {file, Gzip(file)}) {
    espalier::testing::ForEachDamage(bytes, 200, [](const Bytes& damaged) {
      const auto array = ReadIdx(WriteTestFile("a", damaged), 3, 4);
      if (array.ok()) EXPECT_EQ(array->values.size(), 24u);
    });
  }
}

// The checksum at the end of a gzip file covers every byte of the values.
TEST(ReadIdx, FlippedBitsInGzipAreFound) {
  const Bytes file = Gzip(IdxFile({100, 8, 8}, Counting(6400)));
  for (size_t at = 20; at < file.size(); at += 5) {
    Bytes damaged = file;
    damaged[at] ^= 16;
    EXPECT_FALSE(ReadIdx(WriteTestFile("a.gz", damaged), 3, 4).ok()) << "byte " << at;
  }
}

TEST(OpenIdx, ChecksLabelsAndCounts) {
  const std::string images = WriteTestFile("images", IdxFile({2, 3, 4}, Counting(24)));
  const std::string labels = WriteTestFile("labels", IdxFile({2}, {9, 3}));
  const auto source = OpenIdx(images, labels, 10);
  ASSERT_TRUE(source.ok()) << source.status();
  ReadScratch scratch;
  ImageView view;
  int32_t label;
  ASSERT_TRUE((*source)->Read(1, &scratch, &view, &label).ok());
  EXPECT_EQ(label, 3);
  EXPECT_EQ(view.channels, 1);
  EXPECT_EQ(view.height, 3);
  EXPECT_EQ(view.width, 4);
  EXPECT_EQ(view.pixels[0], 12);
  EXPECT_THAT(OpenIdx(images, labels, 9).status().ToString(),
              AllOf(HasSubstr("offset 8"), HasSubstr("label below 9, found 9")));
  const std::string three = WriteTestFile("three", IdxFile({3}, {1, 2, 3}));
  EXPECT_THAT(OpenIdx(images, three, 10).status().ToString(), AllOf(HasSubstr("2 pictures"), HasSubstr("3 labels")));
}

TEST(OpenIdx, TakesChannels) {
  const auto source = OpenIdx(WriteTestFile("images", IdxFile({1, 3, 2, 2}, Counting(12))),
                              WriteTestFile("labels", IdxFile({1}, {0})), 10);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->channels(), 3);
  EXPECT_EQ((*source)->height(), 2);
}

TEST(OpenMnist, FindsPlainAndGzipNames) {
  WriteTestFile("train-images-idx3-ubyte", IdxFile({2, 3, 4}, Counting(24)));
  WriteTestFile("train-labels-idx1-ubyte.gz", Gzip(IdxFile({2}, {1, 2})));
  const std::string folder = espalier::testing::TestFolder("");
  const auto train = OpenMnist(folder, true);
  ASSERT_TRUE(train.ok()) << train.status();
  EXPECT_EQ((*train)->size(), 2);
  EXPECT_THAT(OpenMnist(folder, false).status().ToString(),
              AllOf(HasSubstr(folder), HasSubstr("t10k-images-idx3-ubyte.gz"), HasSubstr("--data_dir")));
}

TEST(OpenMnist, ReadsTheRealFiles) {
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  if (data_dir == nullptr) GTEST_SKIP() << "ESPALIER_DATA_DIR is unset";
  const auto train = OpenMnist(std::string(data_dir) + "/mnist", true);
  ASSERT_TRUE(train.ok()) << train.status();
  EXPECT_EQ((*train)->size(), 60000);
  EXPECT_EQ((*train)->height(), 28);
  ReadScratch scratch;
  ImageView view;
  std::vector<int32_t> labels(6);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE((*train)->Read(i, &scratch, &view, &labels[i]).ok());
  EXPECT_THAT(labels, ElementsAre(5, 0, 4, 1, 9, 2));
}

}  // namespace
}  // namespace espalier
