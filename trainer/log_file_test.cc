#include "trainer/log_file.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "core/files/testing/faulty_file_system.h"

namespace espalier {
namespace {

std::string Content(const std::string& path) { return ReadFile(FileSystem::Posix(), path, 1000).value(); }

TEST(LogFile, CreatesContinuesAndCreatesAnew) {
  const std::string path = JoinPath(::testing::TempDir(), "log_file");
  FileSystem* const files = FileSystem::Posix();
  {
    auto file = LogFile::Create(files, path);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Append("one").ok());
    EXPECT_EQ(Content(path), "one");
    EXPECT_TRUE(file->Sync().ok());
  }
  {
    auto file = LogFile::Continue(files, path, 3);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Append("two").ok());
    EXPECT_EQ(Content(path), "onetwo");
  }
  ASSERT_TRUE(LogFile::Create(files, path).ok());
  EXPECT_EQ(Content(path), "");
}

// Whatever write, reopening or truncation fails, the records that were reported as written stand whole and in order.
TEST(LogFile, AFailedRecordLeavesNothingBehind) {
  for (const FileOperation operation : {FileOperation::kWrite, FileOperation::kOpen, FileOperation::kTruncate}) {
    for (int n = 1; n <= 3; ++n) {
      FaultyFileSystem files;
      auto file = LogFile::Create(&files, "log");
      ASSERT_TRUE(file.ok()) << file.status();
      // The disk is full at the second record, and then something fails while that is put right.
      files.FailNth(FileOperation::kWrite, 2, {ENOSPC, 3});
      std::string expected;
      for (const std::string record : {"record 1\n", "record 2\n", "record 3\n", "record 4\n", "record 5\n"}) {
        const bool written = file->Append(record).ok();
        if (written) expected += record;
        if (!written && record[7] == '2') files.FailNth(operation, n, {EIO, 2});
      }
      files.ClearFaults();
      ASSERT_TRUE(file->Append("last\n").ok());
      EXPECT_EQ(ReadFile(&files, "log", 1000).value(), expected + "last\n") << Name(operation) << " " << n;
    }
  }
}

TEST(LogFile, SyncedRecordsSurviveALossOfPower) {
  FaultyFileSystem files;
  auto file = LogFile::Create(&files, "log");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Append("one").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Append("two").ok());
  files.LosePower(Survival::kSyncedOnly);
  EXPECT_EQ(ReadFile(&files, "log", 1000).value(), "one");
}

}  // namespace
}  // namespace espalier
