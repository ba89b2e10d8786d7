#include "parallel/trace.h"

#include <cstdlib>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/files/json_scanner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using Event = std::map<std::string, std::string>;  // members of one event, nested ones left out

std::vector<Event> ParseEvents(const std::string& text) {
  std::vector<Event> events;
  JsonScanner scanner(text);
  const auto take_member = [&](Event* event, const std::string& key) -> absl::Status {
    if (key == "args") {
      return scanner.Object([&](const std::string&) {
        return scanner.AtString() ? scanner.String().status() : scanner.Number().status();
      });
    }
    absl::StatusOr<std::string> value = scanner.AtString() ? scanner.String() : scanner.Number();
    if (value.ok()) (*event)[key] = *value;
    return value.status();
  };
  const absl::Status status = scanner.Object([&](const std::string& key) -> absl::Status {
    if (key != "traceEvents") return scanner.String().status();
    return scanner.Array([&] {
      events.emplace_back();
      return scanner.Object([&](const std::string& member) { return take_member(&events.back(), member); });
    });
  });
  EXPECT_TRUE(status.ok() && scanner.End().ok()) << status << "\n" << text;
  return events;
}

std::vector<Event> WriteAndRead(int ranks, const std::function<void(int rank, Trace*)>& record, int capacity = 100) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".json");
  RunRanks(ranks, {10, 1}, [&](Communicator& communicator) {
    Trace trace(capacity);
    trace.AlignClocks(&communicator);
    record(communicator.rank(), &trace);
    EXPECT_TRUE(trace.Write(&communicator, FileSystem::Posix(), path).ok());
  });
  const absl::StatusOr<std::string> text = ReadFile(FileSystem::Posix(), path, 1 << 20);
  EXPECT_TRUE(text.ok()) << text.status();
  return ParseEvents(*text);
}

double Number(const Event& event, const std::string& key) { return std::strtod(event.at(key).c_str(), nullptr); }

TEST(TraceTest, HoldsTheEventsOfAllRanks) {
  const double start = Trace::Now();
  const std::vector<Event> events = WriteAndRead(3, [&](int rank, Trace* trace) {
    trace->AddSpan("step", "forward \"1\"", start + 1 + rank, start + 1.25 + rank);
    trace->AddFlight("exchange", "bucket", start + 2, start + 2.5, rank);
  });
  std::vector<std::string> spans, flights;
  double first_begin = 0;
  for (const Event& event : events) {
    if (event.at("ph") == "X") {
      spans.push_back(absl::StrCat(event.at("pid"), " ", event.at("cat"), " ", event.at("name")));
      EXPECT_NEAR(Number(event, "dur"), 250000, 0.01);
      const int rank = static_cast<int>(Number(event, "pid"));
      // Threads of one process share a clock, but the offset is measured: far less than the second between spans.
      if (rank == 0) first_begin = Number(event, "ts");
      EXPECT_NEAR(Number(event, "ts"), first_begin + 1e6 * rank, 4e5);
    } else if (event.at("ph") == "b" || event.at("ph") == "e") {
      flights.push_back(absl::StrCat(event.at("ph"), event.at("pid"), " ", event.at("name"), " ", event.at("id")));
    }
  }
  EXPECT_THAT(spans, UnorderedElementsAre("0 step forward \"1\"", "1 step forward \"1\"", "2 step forward \"1\""));
  EXPECT_THAT(flights, UnorderedElementsAre("b0 bucket 0 0.1", "e0 bucket 0 0.1", "b1 bucket 1 1.1", "e1 bucket 1 1.1",
                                            "b2 bucket 2 2.1", "e2 bucket 2 2.1"));
}

TEST(TraceTest, CountsWhatHasNoRoom) {
  const std::vector<Event> events = WriteAndRead(
      1,
      [&](int, Trace* trace) {
        for (int i = 0; i < 10; ++i) TraceSpan(trace, "step", "update", i);
        EXPECT_EQ(trace->size(), 4);
        EXPECT_EQ(trace->dropped(), 6);
      },
      4);
  std::string names;
  for (const Event& event : events) absl::StrAppend(&names, event.at("name"), ";");
  EXPECT_THAT(names, HasSubstr("update 0;update 1;update 2;update 3;"));
  EXPECT_THAT(names, HasSubstr("6 later events had no room"));
}

TEST(TraceTest, ClocksOfOneProcessAgree) {
  RunRanks(3, {}, [](Communicator& communicator) {
    Trace trace(1);
    trace.AlignClocks(&communicator);
    EXPECT_NEAR(trace.clock_offset(), 0, 0.5) << "even where the machine is busy";
  });
}

TEST(TraceTest, NoTraceIsNone) {
  const TraceSpan span(nullptr, "step", "update");
  Trace trace(0);
  trace.AddSpan("step", "update", 1, 2);
  EXPECT_EQ(trace.size(), 0);
}

TEST(TraceTest, SaysWhyItCannotWrite) {
  const auto communicator = MakeSelfCommunicator();
  EXPECT_FALSE(Trace(1).Write(communicator.get(), FileSystem::Posix(), "/there/is/no/such/file").ok());
}

}  // namespace
}  // namespace espalier
