#include "parallel/watchdog.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// Far longer than any machine needs.
constexpr std::chrono::seconds kPatience(60);

Watchdog Limits(float setup, float step, float checkpoint, float validation) {
  Watchdog limits;
  limits.set_setup_s(setup);
  limits.set_step_s(step);
  limits.set_checkpoint_s(checkpoint);
  limits.set_validation_s(validation);
  return limits;
}

// What a watchdog says when it expires.
class Expiry {
 public:
  WatchdogOptions Options(const Watchdog& limits) {
    WatchdogOptions options;
    options.limits = limits;
    options.rank = 2;
    options.host = "host7";
    options.phases = {"dense", "sparse"};
    options.expire = [this](const std::string& reason) { reason_.set_value(reason); };
    return options;
  }
  bool Comes(std::chrono::milliseconds within) { return future_.wait_for(within) == std::future_status::ready; }
  std::string Reason() { return Comes(kPatience) ? future_.get() : "never"; }

 private:
  std::promise<std::string> reason_;
  std::future<std::string> future_ = reason_.get_future();
};

TEST(WatchdogTest, SaysWhatTheRankWaitsFor) {
  Activity activity;
  activity.phase = 1;
  activity.step = 41;
  activity.Enter(Section::kStep);
  activity.Await("all-reduce", 3);
  Expiry expiry;
  const WatchdogThread watchdog(&activity, expiry.Options(Limits(0, 0.05, 0, 0)));
  EXPECT_THAT(expiry.Reason(), ContainsRegex("^\\[rank 2\\] host7: no progress for 0\\.[0-9]+ s in phase sparse, step "
                                             "41, step, waiting for all-reduce bucket 3$"));
}

TEST(WatchdogTest, SaysWhatIsKnown) {
  Activity activity;
  activity.phase = 7;
  Expiry expiry;
  const WatchdogThread watchdog(&activity, expiry.Options(Limits(0.05, 0, 0, 0)));
  EXPECT_THAT(expiry.Reason(), AllOf(HasSubstr(" s in phase 7, step 0, set-up"), Not(HasSubstr("waiting"))));
}

TEST(WatchdogTest, TimeBeginsAnewWithEachBeat) {
  Stillness stillness(100, 5);
  EXPECT_DOUBLE_EQ(stillness.Look(100.25, 5), 0.25);
  EXPECT_DOUBLE_EQ(stillness.Look(100.5, 5), 0.5);
  EXPECT_DOUBLE_EQ(stillness.Look(100.75, 6), 0);
  EXPECT_DOUBLE_EQ(stillness.Look(101, 6), 0.25);
}

TEST(WatchdogTest, AStopOfTheWholeProcessDoesNotCount) {
  Stillness stillness(0, 0);
  EXPECT_DOUBLE_EQ(stillness.Look(0.25, 0), 0.25);
  EXPECT_DOUBLE_EQ(stillness.Look(3600, 0), 0.75);
  EXPECT_DOUBLE_EQ(stillness.Look(3600.25, 0), 1);
}

TEST(WatchdogTest, EndsWithItsObjectAtOnce) {
  Activity activity;
  Expiry expiry;
  { const WatchdogThread watchdog(&activity, expiry.Options(Limits(3600, 0, 0, 0))); }
  EXPECT_FALSE(expiry.Comes(std::chrono::milliseconds(0)));
}

TEST(WatchdogTest, EachSectionHasItsLimit) {
  for (const Section section : {Section::kSetup, Section::kStep, Section::kCheckpoint, Section::kValidation}) {
    const auto limit = [&](Section other) { return other == section ? 0.05f : 0.0f; };
    const Watchdog limits =
        Limits(limit(Section::kSetup), limit(Section::kStep), limit(Section::kCheckpoint), limit(Section::kValidation));
    Activity activity;
    activity.Enter(section == Section::kStep ? Section::kSetup : Section::kStep);
    Expiry expiry;
    const WatchdogThread watchdog(&activity, expiry.Options(limits));
    EXPECT_FALSE(expiry.Comes(std::chrono::milliseconds(150))) << "a section without limit";
    activity.Enter(section);
    EXPECT_THAT(expiry.Reason(), HasSubstr("no progress"));
  }
}

TEST(WatchdogTest, LongestLimits) {
  EXPECT_EQ(LimitOf(LongestLimits(Limits(1, 2, 4, 3)), Section::kSetup), 4);
  EXPECT_EQ(LimitOf(LongestLimits(Limits(1, 2, 4, 3)), Section::kStep), 4);
  EXPECT_EQ(LimitOf(LongestLimits(Limits(1, 0, 4, 3)), Section::kStep), 0);
  EXPECT_EQ(LimitOf(LongestLimits(Watchdog()), Section::kStep), 600);
}

// A process of its own that a watchdog watches; what it wrote, and how it ended.
struct Ended {
  std::string text;
  int status = 0;
  double seconds = 0;
};

Ended RunWatched(const std::function<void()>& body) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    body();
    ::_exit(42);
  }
  ::close(pipe[1]);
  Ended ended;
  char bytes[512];
  for (ssize_t size; (size = ::read(pipe[0], bytes, sizeof bytes)) > 0;) ended.text.append(bytes, size);
  ::close(pipe[0]);
  EXPECT_EQ(::waitpid(child, &ended.status, 0), child);
  ended.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return ended;
}

TEST(WatchdogTest, EndsTheProcessWhoseMainThreadHangs) {
  const Ended ended = RunWatched([] {
    Activity activity;
    WatchdogOptions options;
    options.limits = Limits(0.1, 0, 0, 0);
    options.host = "here";
    const WatchdogThread watchdog(&activity, options);
    for (;;) ::pause();
  });
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 1) << ended.status;
  EXPECT_THAT(ended.text, ContainsRegex("^\\[rank 0\\] here: no progress for .* set-up\n$"));
  EXPECT_LT(ended.seconds, 30);
}

TEST(WatchdogTest, EndsTheProcessWhoseParentIsGone) {
  const Ended ended = RunWatched([] {
    int ready[2];
    if (::pipe(ready) != 0) return;
    if (::fork() > 0) {
      char byte;
      if (::read(ready[0], &byte, 1) == 1) ::_exit(0);
      return;
    }
    Activity activity;
    WatchdogOptions options;
    options.limits = Limits(0, 0, 0, 0);
    options.host = "here";
    options.watch_parent = true;
    const WatchdogThread watchdog(&activity, options);
    if (::write(ready[1], "!", 1) == 1) std::this_thread::sleep_for(kPatience);
  });
  EXPECT_EQ(ended.text, "[rank 0] here: the launcher is gone\n");
}

}  // namespace
}  // namespace espalier
