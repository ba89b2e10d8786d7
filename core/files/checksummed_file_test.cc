#include "core/files/checksummed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files/crc32c.h"
#include "core/files/testing/faulty_file_system.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

TEST(ChecksummedFile, CountsAndSumsWhatItPasses) {
  FaultyFileSystem files;
  ChecksummedFile file(*files.OpenForWriting("f"));
  std::string bytes = "abc";
  for (int i = 0; i < 700'000; ++i) bytes.push_back(static_cast<char>(i * 2654435761u >> 24));  // several parts
  ASSERT_TRUE(file.Append(absl::string_view(bytes).substr(0, 3)).ok());
  ASSERT_TRUE(file.Append(absl::string_view(bytes).substr(3)).ok());
  ASSERT_TRUE(file.Sync().ok() && file.Close().ok());
  EXPECT_EQ(*ReadFile(&files, "f", 1 << 20), bytes);
  EXPECT_EQ(file.bytes(), bytes.size());
  EXPECT_EQ(file.crc32c(), Crc32cPlain(bytes));

  const std::unique_ptr<ReadableFile> reader = *files.OpenForReading("f");
  EXPECT_TRUE(VerifyFile(*reader, bytes.size(), file.crc32c()).ok());
  EXPECT_THAT(std::string(VerifyFile(*reader, 3, file.crc32c()).message()),
              HasSubstr("f: has 700003 bytes, expected 3"));
  files.FlipBit("f", 8 * 650'000 + 7);
  EXPECT_THAT(std::string(VerifyFile(*reader, bytes.size(), file.crc32c()).message()), HasSubstr("f: has checksum "));
}

TEST(ChecksummedFile, PassesErrors) {
  FaultyFileSystem files;
  ChecksummedFile file(*files.OpenForWriting("f"));
  files.FailNth(FileOperation::kWrite, 2, {ENOSPC});
  EXPECT_TRUE(absl::IsResourceExhausted(file.Append(std::string(1 << 20, 'x'))));
  files.FailNth(FileOperation::kSync, 1);
  EXPECT_FALSE(file.Sync().ok());
}

}  // namespace
}  // namespace espalier
