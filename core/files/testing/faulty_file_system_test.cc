#include "core/files/testing/faulty_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

using ::testing::AnyOf;

std::string Content(FileSystem* files, const std::string& path) { return ReadFile(files, path, 1 << 20).value_or("?"); }

absl::Status Write(FileSystem* files, const std::string& path, const std::string& bytes, bool sync) {
  ASSIGN_OR_RETURN(auto file, files->OpenForWriting(path));
  RETURN_IF_ERROR(file->Append(bytes));
  if (sync) RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

TEST(FaultyFileSystem, PowerLossKeepsSyncedBytesUnderSyncedNames) {
  FaultyFileSystem files;
  ASSERT_TRUE(Write(&files, "named", "abc", true).ok());
  ASSERT_TRUE(files.SyncDirectory("/").ok());
  ASSERT_TRUE(Write(&files, "unnamed", "abc", true).ok());
  ASSERT_TRUE(Write(&files, "named", "defgh", false).ok());
  EXPECT_EQ(Content(&files, "named"), "defgh");
  files.LosePower(Survival::kSyncedOnly);
  EXPECT_EQ(Content(&files, "named"), "abc");
  EXPECT_FALSE(files.Exists("unnamed"));

  ASSERT_TRUE(Write(&files, "unsynced", "abc", false).ok());
  ASSERT_TRUE(files.Rename("unsynced", "named").ok());
  files.LosePower(Survival::kNames);
  EXPECT_EQ(Content(&files, "named"), "");
}

TEST(FaultyFileSystem, FailsTheNthOperation) {
  FaultyFileSystem files;
  auto file = files.OpenForWriting("f");
  ASSERT_TRUE(file.ok());
  files.FailNth(FileOperation::kWrite, 2, {ENOSPC, /*arriving_bytes=*/1});
  EXPECT_TRUE((*file)->Append("ab").ok());
  EXPECT_FALSE(files.faulted());
  EXPECT_TRUE(absl::IsResourceExhausted((*file)->Append("cd")));
  EXPECT_TRUE(files.faulted());
  EXPECT_TRUE((*file)->Append("ef").ok());
  EXPECT_EQ(Content(&files, "f"), "abcef");
  files.FailNth(FileOperation::kSync, 1, {EIO, 0, /*lasting=*/true});
  EXPECT_FALSE((*file)->Sync().ok());
  EXPECT_FALSE((*file)->Sync().ok());
  files.ClearFaults();
  files.KillAt(2);
  EXPECT_TRUE((*file)->Sync().ok());
  EXPECT_FALSE((*file)->Close().ok());
  EXPECT_FALSE(files.Exists("f"));
}

TEST(FaultyFileSystem, KeepsTheRulesOfDirectories) {
  FaultyFileSystem files;
  ASSERT_TRUE(CreateDirectories(&files, "a/b").ok());
  ASSERT_TRUE(Write(&files, "a/b/f", "1", true).ok());
  ASSERT_TRUE(CreateDirectories(&files, "c").ok());
  EXPECT_TRUE(absl::IsNotFound(files.OpenForWriting("absent/f").status()));
  EXPECT_FALSE(files.RemoveDirectory("a/b").ok());
  EXPECT_FALSE(files.Rename("c", "a").ok());  // has content
  EXPECT_TRUE(files.Rename("a", "c").ok());   // is empty
  EXPECT_EQ(Content(&files, "c/b/f"), "1");
  files.FlipBit("c/b/f", 1);
  EXPECT_EQ(Content(&files, "c/b/f"), "3");
  EXPECT_EQ(Content(files.Copy().get(), "c/b/f"), "3");
  EXPECT_TRUE(RemoveTree(&files, "c").ok());
  EXPECT_TRUE(files.List("/")->empty());
  ASSERT_TRUE(CreateDirectories(&files, "d").ok());
  auto lock = files.LockDirectory("d");
  EXPECT_TRUE(lock.ok());
  EXPECT_FALSE(files.LockDirectory("d").ok());
}

// Every operation of WriteFileAtomically fails once, in every way, with every loss of power after it.
class AtomicWriteTest : public ::testing::TestWithParam<FileOperation> {};

TEST_P(AtomicWriteTest, LeavesTheOldOrTheNewContent) {
  const std::string old_bytes(300, 'o'), new_bytes(500, 'n');
  FaultyFileSystem before;
  ASSERT_TRUE(WriteFileAtomically(&before, "f", old_bytes).ok());
  for (const Fault fault : {Fault{ENOSPC, 100}, Fault{EIO}, Fault{EIO, 0, /*lasting=*/true}}) {
    bool faulted = true;
    for (int n = 1; faulted; ++n) {
      for (int loss = 0; loss < 20; ++loss) {
        const std::unique_ptr<FaultyFileSystem> files = before.Copy();
        files->FailNth(GetParam(), n, fault);
        const absl::Status status = WriteFileAtomically(files.get(), "f", new_bytes);
        faulted = files->faulted();
        files->ClearFaults();
        if (loss > 0) files->LosePower(loss == 1 ? Survival::kSyncedOnly : Survival::kRandom, loss);
        if (status.ok()) {
          ASSERT_EQ(Content(files.get(), "f"), new_bytes);
        } else {
          ASSERT_THAT(Content(files.get(), "f"), AnyOf(old_bytes, new_bytes)) << status;
        }
        ASSERT_TRUE(WriteFileAtomically(files.get(), "f", "again").ok());
        ASSERT_EQ(files->List("/")->size(), 1u);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryOperation, AtomicWriteTest, ::testing::ValuesIn(kAllFileOperations));

TEST(FaultyFileSystem, AtomicWriteSurvivesAKillAtEveryOperation) {
  bool faulted = true;
  for (int n = 1; faulted; ++n) {
    FaultyFileSystem files;
    ASSERT_TRUE(WriteFileAtomically(&files, "f", "old").ok());
    files.KillAt(n);
    WriteFileAtomically(&files, "f", "new").IgnoreError();
    faulted = files.faulted();
    files.ClearFaults();
    EXPECT_THAT(Content(&files, "f"), AnyOf("old", "new"));
    files.LosePower(Survival::kNames);
    EXPECT_THAT(Content(&files, "f"), AnyOf("old", "new"));
  }
}

}  // namespace
}  // namespace espalier
