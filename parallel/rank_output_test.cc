#include "parallel/rank_output.h"

#include <fcntl.h>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ContainsRegex;

// A pipe that collects what is written to it.
class Pipe {
 public:
  Pipe() { PCHECK(::pipe2(ends_, O_NONBLOCK) == 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int writer() const { return ends_[1]; }
  std::string Read() {
    std::string text(1 << 16, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    text.resize(std::max<ssize_t>(0, size));
    return text;
  }

 private:
  int ends_[2];
};

TEST(RankOutputTest, EachLineSaysWhoSpeaks) {
  Pipe pipe;
  {
    const RankOutput output(3, pipe.writer());
    std::cout << "one " << 1 << "\ntwo" << std::flush;
    EXPECT_EQ(pipe.Read(), "[rank 3] one 1\n");
    std::cout << " halves" << std::endl;
    EXPECT_EQ(pipe.Read(), "[rank 3] two halves\n");
    std::cerr << "an error\n\nand an end";
    EXPECT_EQ(pipe.Read(), "[rank 3] an error\n[rank 3] \n");
  }
  EXPECT_EQ(pipe.Read(), "[rank 3] and an end\n");
}

TEST(RankOutputTest, TheLogToo) {
  Pipe pipe;
  FLAGS_logtostderr = true;
  {
    const RankOutput output(12, pipe.writer());
    LOG(WARNING) << "beware\nof this";
    EXPECT_THAT(pipe.Read(),
                ContainsRegex("^\\[rank 12\\] W.* rank_output_test.cc:[0-9]+\\] beware\n\\[rank 12\\] of this\n$"));
  }
  EXPECT_TRUE(FLAGS_logtostderr);
}

TEST(RankOutputTest, RankZeroIsLeftAlone) {
  Pipe pipe;
  std::streambuf* const before = std::cout.rdbuf();
  const RankOutput output(0, pipe.writer());
  EXPECT_EQ(std::cout.rdbuf(), before);
  LOG(WARNING) << "to standard error";
  EXPECT_EQ(pipe.Read(), "");
}

TEST(RankOutputTest, TheStreamsComeBack) {
  Pipe pipe;
  std::streambuf* const out = std::cout.rdbuf();
  std::streambuf* const err = std::cerr.rdbuf();
  { const RankOutput output(1, pipe.writer()); }
  EXPECT_EQ(std::cout.rdbuf(), out);
  EXPECT_EQ(std::cerr.rdbuf(), err);
}

TEST(RankOutputTest, ABrokenInvariantSaysWhoseItIs) {
  const auto fail = [] {
    const RankOutput output(5);
    CHECK_EQ(1 + 1, 3) << "arithmetic";
  };
  EXPECT_DEATH(fail(), "\\[rank 5\\] F.*Check failed: 1 \\+ 1 == 3.*arithmetic");
}

TEST(RankOutputTest, LinesOfThreadsDoNotMix) {
  Pipe pipe;
  {
    const RankOutput output(1, pipe.writer());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([i] {
        for (int j = 0; j < 50; ++j) std::cout << std::string(20, 'a' + i) + "\n";
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::string text = pipe.Read();
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  ASSERT_EQ(lines.size(), 201);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(lines[i], absl::StrCat("[rank 1] ", std::string(20, lines[i].back())));
}

}  // namespace
}  // namespace espalier
