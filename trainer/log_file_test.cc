#include "trainer/log_file.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace espalier
