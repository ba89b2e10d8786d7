#include "parallel/placement.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RankPlace Place(const std::string& cpus, int host_cpus, int requested_threads = 0, const std::string& host = "a") {
  RankPlace place;
  place.host = host;
  place.machine = host;
  place.cpus = ParseNumbers(cpus);
  place.host_cpus = host_cpus;
  place.requested_threads = requested_threads;
  place.launcher = Launcher::kOpenMpi;
  return place;
}

struct Case {
  const char* what;
  std::vector<RankPlace> places;
  std::vector<int> threads;
  std::vector<bool> yield;
};

TEST(PlacementTest, ThreadsAndYielding) {
  const Case cases[] = {
      {"alone", {Place("0-7", 8)}, {8}, {false}},
      {"alone, asked for 2", {Place("0-7", 8, 2)}, {2}, {false}},
      {"alone, asked for too many", {Place("0-1", 8, 4)}, {4}, {true}},
      {"alone, bound to two", {Place("2,5", 8)}, {2}, {false}},
      {"a core each", {Place("0", 2), Place("1", 2)}, {1, 1}, {false, false}},
      {"sharing a host", {Place("0-15", 16), Place("0-15", 16), Place("0-15", 16)}, {5, 5, 5}, {false, false, false}},
      {"a socket for two each",
       {Place("0-7", 16), Place("0-7", 16), Place("8-15", 16), Place("8-15", 16)},
       {4, 4, 4, 4},
       {false, false, false, false}},
      {"crowded", {Place("0-1", 2), Place("0-1", 2), Place("0-1", 2)}, {1, 1, 1}, {true, true, true}},
      {"crowded on one core, the other idle", {Place("0", 2), Place("0", 2)}, {1, 1}, {true, true}},
      {"crowded by request", {Place("0-3", 4, 4), Place("0-3", 4, 4)}, {4, 4}, {true, true}},
      {"two hosts", {Place("0-1", 2, 0, "a"), Place("0-1", 2, 0, "b")}, {2, 2}, {false, false}},
      {"two hosts, one crowded",
       {Place("0", 1, 0, "a"), Place("0", 1, 0, "a"), Place("0", 1, 0, "b")},
       {1, 1, 1},
       {true, true, false}},
      {"a mask that could not be read", {Place("", 1)}, {1}, {true}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.what);
    for (int rank = 0; rank < test.places.size(); ++rank) {
      const Placement placement = DecidePlacement(test.places, rank);
      EXPECT_EQ(placement.threads, test.threads[rank]) << rank;
      EXPECT_EQ(placement.yield, test.yield[rank]) << rank;
    }
  }
}

// Containers of one machine have a name each, and share its processors.
TEST(PlacementTest, TheMachineCountsNotTheHostName) {
  std::vector<RankPlace> places = {Place("0-1", 2, 0, "a"), Place("0-1", 2, 0, "b")};
  places[1].machine = "a";
  EXPECT_EQ(DecidePlacement(places, 0).threads, 1);
  EXPECT_EQ(DescribePlacement(places), "2 on 2 hosts, 1 thread each");
}

TEST(PlacementTest, Descriptions) {
  EXPECT_EQ(DescribePlacement({Place("0-7", 8)}), "1 on 1 host, 8 threads each");
  EXPECT_EQ(DescribePlacement(std::vector<RankPlace>(16, Place("0-1", 2))),
            "16 on 1 host, 1 thread each; 16 share 2 processors");
  EXPECT_EQ(DescribePlacement({Place("0-3", 4, 0, "a"), Place("0-1", 2, 0, "b")}), "2 on 2 hosts, 2 to 4 threads each");
}

TEST(PlacementTest, NoWarningsWhereNothingIsLost) {
  EXPECT_THAT(PlacementWarnings({Place("0", 2), Place("1", 2)}), IsEmpty());
  EXPECT_THAT(PlacementWarnings({Place("0-15", 16), Place("0-15", 16)}), IsEmpty());
  EXPECT_THAT(PlacementWarnings({Place("0-15", 16)}), IsEmpty());
  EXPECT_THAT(PlacementWarnings(std::vector<RankPlace>(16, Place("0-1", 2, 1))), IsEmpty());
  RankPlace by_hand = Place("0", 16);
  by_hand.launcher = Launcher::kNone;
  EXPECT_THAT(PlacementWarnings({by_hand}), IsEmpty());
}

TEST(PlacementTest, WarnsOfIdleProcessors) {
  EXPECT_THAT(PlacementWarnings({Place("0", 16), Place("1", 16)}),
              ElementsAre("a: ranks are bound to 1 processor, while 14 of 16 processors have no rank: start with "
                          "`mpirun --bind-to none` or `mpirun --map-by slot:PE=8`"));
  std::vector<RankPlace> slurm = {Place("0", 8), Place("1", 8)};
  for (RankPlace& place : slurm) place.launcher = Launcher::kSlurm;
  EXPECT_THAT(PlacementWarnings(slurm), ElementsAre(HasSubstr("start with `srun --cpus-per-task=4`")));
}

TEST(PlacementTest, WarnsOfTooManyThreads) {
  EXPECT_THAT(PlacementWarnings({Place("0", 2, 2), Place("1", 2, 2)}),
              ElementsAre(AllOf(HasSubstr("OMP_NUM_THREADS=2"), HasSubstr("1 processor alone"))));
  EXPECT_THAT(PlacementWarnings({Place("0-3", 4, 4), Place("0-3", 4, 4)}),
              ElementsAre("a: 8 threads of 2 ranks share 4 processors: leave OMP_NUM_THREADS out"));
}

TEST(PlacementTest, WarnsOnceForAllHosts) {
  std::vector<RankPlace> places;
  for (const char* host : {"a", "b", "c", "d", "e"}) {
    places.push_back(Place("0", 4, 0, host));
    places.push_back(Place("1", 4, 0, host));
  }
  EXPECT_THAT(PlacementWarnings(places), ElementsAre(HasSubstr("a, b, c and 2 more hosts: ranks are bound")));
}

TEST(PlacementTest, WarnsOfAnAllocationThatIsNotUsed) {
  RankPlace place = Place("0-3", 4);
  place.launcher = Launcher::kNone;
  place.allocated_tasks = 16;
  EXPECT_THAT(PlacementWarnings({place}), ElementsAre(HasSubstr("16 tasks and this run takes one")));
}

TEST(PlacementTest, GuessesBeforeTheRanksKnowEachOther) {
  LaunchEnvironment launch;
  launch.host_ranks = 2;
  EXPECT_FALSE(ProbablyYields(launch, Place("0", 2)));
  EXPECT_TRUE(ProbablyYields(launch, Place("0", 1)));
  EXPECT_TRUE(ProbablyYields(launch, Place("0-1", 2, 2)));
}

TEST(PlacementTest, Numbers) {
  for (const char* text : {"", "0", "0-3", "0-3,8", "1,3,5-7"}) EXPECT_EQ(FormatNumbers(ParseNumbers(text)), text);
  EXPECT_THAT(ParseNumbers("x,2,4-,7"), ElementsAre(2, 7));
}

TEST(PlacementTest, GathersFromAllRanks) {
  RunRanks(5, {}, [](Communicator& communicator) {
    RankPlace mine = Place("0-1,7", 9, communicator.rank(), "host");
    mine.allocated_tasks = 3;
    mine.machine = "m";
    const std::vector<RankPlace> places = GatherPlaces(&communicator, mine);
    ASSERT_EQ(places.size(), 5);
    for (int rank = 0; rank < 5; ++rank) {
      EXPECT_EQ(places[rank].host, "host");
      EXPECT_EQ(places[rank].machine, "m");
      EXPECT_THAT(places[rank].cpus, ElementsAre(0, 1, 7));
      EXPECT_EQ(places[rank].host_cpus, 9);
      EXPECT_EQ(places[rank].requested_threads, rank);
      EXPECT_EQ(places[rank].allocated_tasks, 3);
      EXPECT_EQ(places[rank].launcher, Launcher::kOpenMpi);
    }
  });
}

TEST(PlacementTest, FindsThisProcess) {
  const RankPlace place =
      FindPlace({}, [](const char* name) { return std::string(name) == "OMP_NUM_THREADS" ? "3,2" : nullptr; });
  EXPECT_FALSE(place.host.empty());
  EXPECT_FALSE(place.machine.empty());
  EXPECT_FALSE(place.cpus.empty());
  EXPECT_GE(place.host_cpus, place.cpus.size());
  EXPECT_EQ(place.requested_threads, 3);
}

}  // namespace
}  // namespace espalier
