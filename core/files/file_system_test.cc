#include "core/files/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

class PosixFileSystemTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(RemoveTree(files_, root_).ok());
    ASSERT_TRUE(CreateDirectories(files_, root_).ok());
  }
  std::string Path(const std::string& name) const { return JoinPath(root_, name); }

  FileSystem* files_ = FileSystem::Posix();
  std::string root_;
};

TEST(Paths, JoinAndParent) {
  EXPECT_EQ(JoinPath("a/b", "c"), "a/b/c");
  EXPECT_EQ(JoinPath("a/", "c"), "a/c");
  EXPECT_EQ(JoinPath("", "c"), "c");
  EXPECT_EQ(ParentDirectory("a/b/c"), "a/b");
  EXPECT_EQ(ParentDirectory("a/b/"), "a");
  EXPECT_EQ(ParentDirectory("a"), ".");
  EXPECT_EQ(ParentDirectory("/a"), "/");
  EXPECT_EQ(ParentDirectory("/"), "/");
}

TEST_F(PosixFileSystemTest, WritesAppendsReadsAndTruncates) {
  auto file = files_->OpenForWriting(Path("f"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append("hello ").ok());
  ASSERT_TRUE((*file)->Append("world").ok());
  ASSERT_TRUE((*file)->Sync().ok());
  ASSERT_TRUE((*file)->Close().ok());
  auto more = files_->OpenForAppending(Path("f"));
  ASSERT_TRUE(more.ok());
  ASSERT_TRUE((*more)->Append("!").ok());
  EXPECT_EQ(*ReadFile(files_, Path("f"), 100), "hello world!");
  EXPECT_EQ(files_->Stat(Path("f"))->bytes, 12u);

  auto reader = files_->OpenForReading(Path("f"));
  ASSERT_TRUE(reader.ok());
  char word[5];
  ASSERT_TRUE((*reader)->Read(6, 5, word).ok());
  EXPECT_EQ(std::string(word, 5), "world");
  const absl::Status past = (*reader)->Read(10, 5, word);
  EXPECT_EQ(past.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(past.message()), HasSubstr("ends at byte 12, expected 15"));

  ASSERT_TRUE(files_->Truncate(Path("f"), 5).ok());
  EXPECT_EQ(*ReadFile(files_, Path("f"), 5), "hello");
  EXPECT_TRUE(absl::IsResourceExhausted(ReadFile(files_, Path("f"), 4).status()));
}

TEST_F(PosixFileSystemTest, ErrorsNameOperationPathAndReason) {
  const absl::Status missing = files_->OpenForReading(Path("absent")).status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_EQ(missing.message(), absl::StrCat("cannot open ", Path("absent"), ": No such file or directory"));
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  for (const std::string& odd : {root_, Path("fifo")}) {
    EXPECT_THAT(std::string(files_->OpenForReading(odd).status().message()), HasSubstr("not a regular file"));
  }

  auto full = files_->OpenForWriting("/dev/full");
  ASSERT_TRUE(full.ok());
  const absl::Status status = (*full)->Append("x");
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(status.message(), "cannot write /dev/full: No space left on device");
}

TEST_F(PosixFileSystemTest, ShortWriteGoesOnUntilTheReasonIsKnown) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit former;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &former), 0);
  rlimit limit = former;
  limit.rlim_cur = 1000;
  auto file = files_->OpenForWriting(Path("f"));
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const absl::Status status = (*file)->Append(std::string(1500, 'x'));  // the first write stops at byte 1000
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &former), 0);
  EXPECT_THAT(std::string(status.message()), HasSubstr("File too large"));
  EXPECT_EQ(files_->Stat(Path("f"))->bytes, 1000u);
}

TEST_F(PosixFileSystemTest, SignalsDoNotTearWrites) {
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  std::string expected(1 << 20, '\0');
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<char>(i * 2654435761u >> 24);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  std::string got(expected.size(), '\0');
  ::pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
  std::thread reader([&] {
    std::ifstream in(Path("fifo"), std::ios::binary);
    for (size_t at = 0; at < got.size(); at += 4096) {
      in.read(&got[at], 4096);
      ::usleep(100);
    }
  });
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  static volatile sig_atomic_t alarms = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { alarms = alarms + 1; };  // without SA_RESTART: blocked writes return early
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval every_ms = {{0, 1000}, {0, 1000}};
  ::setitimer(ITIMER_REAL, &every_ms, nullptr);
  auto file = files_->OpenForWriting(Path("fifo"));
  ASSERT_TRUE(file.ok());
  const absl::Status status = (*file)->Append(expected);
  const itimerval off = {};
  ::setitimer(ITIMER_REAL, &off, nullptr);
  reader.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_GT(alarms, 0);
  EXPECT_TRUE(got == expected);
}

TEST_F(PosixFileSystemTest, CreatesListsAndRemovesTrees) {
  ASSERT_TRUE(CreateDirectories(files_, Path("a/b/c")).ok());
  ASSERT_TRUE(CreateDirectories(files_, Path("a/b/c")).ok());
  ASSERT_TRUE(WriteFileAtomically(files_, Path("a/b/z"), "1").ok());
  ASSERT_TRUE(WriteFileAtomically(files_, Path("kept"), "1").ok());
  ASSERT_EQ(::symlink(root_.c_str(), Path("a/b/link").c_str()), 0);
  auto entries = files_->List(Path("a/b"));
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "c");
  EXPECT_TRUE((*entries)[0].is_directory);
  EXPECT_EQ((*entries)[1].name, "link");
  EXPECT_FALSE((*entries)[1].is_directory);

  EXPECT_TRUE(absl::IsAlreadyExists(CreateDirectories(files_, Path("kept"))));
  EXPECT_FALSE(CreateDirectories(files_, Path("kept/below")).ok());
  EXPECT_TRUE(RemoveTree(files_, Path("a")).ok());
  EXPECT_TRUE(RemoveTree(files_, Path("a")).ok());  // nothing there is success
  EXPECT_FALSE(files_->Exists(Path("a")));
  EXPECT_TRUE(files_->Exists(Path("kept")));  // the link was removed, not followed
}

TEST_F(PosixFileSystemTest, WriteFileAtomicallyReplacesWithOrdinaryMode) {
  const mode_t former = ::umask(022);
  ASSERT_TRUE(WriteFileAtomically(files_, Path("f"), "old").ok());
  ASSERT_TRUE(WriteFileAtomically(files_, Path("f"), "new").ok());
  ::umask(former);
  EXPECT_EQ(*ReadFile(files_, Path("f"), 100), "new");
  struct stat info;
  ASSERT_EQ(::stat(Path("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
  EXPECT_EQ(files_->List(root_)->size(), 1u);
}

TEST_F(PosixFileSystemTest, SecondLockIsRefused) {
  auto first = files_->LockDirectory(root_);
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = files_->LockDirectory(root_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
  EXPECT_THAT(std::string(second.message()), HasSubstr(absl::StrCat("in use by process ", ::getpid(), " on ")));
  first->reset();
  EXPECT_TRUE(files_->LockDirectory(root_).ok());
}

}  // namespace
}  // namespace espalier
