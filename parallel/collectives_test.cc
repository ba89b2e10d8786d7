#include "parallel/collectives.h"

#include <atomic>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

using ::testing::ElementsAreArray;

// By number of ranks.
class CollectivesTest : public ::testing::TestWithParam<int> {
 protected:
  void Run(const std::function<void(Communicator&)>& body) {
    for (uint64_t seed = 1; seed <= 2; ++seed) RunRanks(GetParam(), {20, seed}, body);
  }
};

std::vector<uint32_t> Pattern(size_t size, uint32_t key) {
  std::vector<uint32_t> words(size);
  for (size_t i = 0; i < size; ++i) words[i] = static_cast<uint32_t>(i) * 2654435761u + key;
  return words;
}

TEST_P(CollectivesTest, NobodyLeavesABarrierBeforeAllHaveCome) {
  std::atomic<int> come{0};
  Run([&](Communicator& communicator) {
    const int before = communicator.size() * (come.load() / communicator.size());
    for (int round = 1; round <= 10; ++round) {
      come.fetch_add(1);
      Barrier(&communicator);
      EXPECT_GE(come.load(), before + round * communicator.size());
      Barrier(&communicator);
    }
  });
}

TEST_P(CollectivesTest, BroadcastGivesAllTheRootsBytes) {
  Run([](Communicator& communicator) {
    for (int root = 0; root < communicator.size(); ++root) {
      // None, one piece, three pieces of which the last is short.
      for (size_t count : {0, 1, 600000}) {
        if (count > 1 && root > 1) continue;
        std::vector<uint32_t> words = Pattern(count, communicator.rank());
        Broadcast(&communicator, words.data(), count * 4, root);
        EXPECT_TRUE(words == Pattern(count, root)) << count << " words of rank " << root;
      }
      const std::string text(root * 1000, static_cast<char>('a' + root));
      EXPECT_EQ(BroadcastString(&communicator, communicator.rank() == root ? text : "other", root), text);
    }
  });
}

struct Pair {
  int32_t rank;
  double value;
};

TEST_P(CollectivesTest, AllGatherGivesAllValuesByRank) {
  Run([](Communicator& communicator) {
    for (int round = 0; round < 5; ++round) {
      const std::vector<Pair> all = AllGather(&communicator, Pair{communicator.rank(), 0.5 * communicator.rank()});
      ASSERT_EQ(all.size(), communicator.size());
      for (int rank = 0; rank < communicator.size(); ++rank) {
        EXPECT_EQ(all[rank].rank, rank);
        EXPECT_EQ(all[rank].value, 0.5 * rank);
      }
    }
    const std::vector<uint32_t> mine = Pattern(5000, communicator.rank());
    std::vector<uint32_t> all(5000 * communicator.size()), expected;
    AllGatherBytes(&communicator, mine.data(), 20000, all.data());
    for (int rank = 0; rank < communicator.size(); ++rank) {
      const std::vector<uint32_t> part = Pattern(5000, rank);
      expected.insert(expected.end(), part.begin(), part.end());
    }
    EXPECT_TRUE(all == expected);
  });
}

TEST_P(CollectivesTest, AllGatherTakesDifferentSizes) {
  Run([](Communicator& communicator) {
    const auto size_of = [](int rank) { return rank % 3 * 2500; };  // of rank 0 nothing
    const std::vector<std::vector<uint32_t>> all =
        AllGatherVectors(&communicator, Pattern(size_of(communicator.rank()), communicator.rank()));
    ASSERT_EQ(all.size(), communicator.size());
    for (int rank = 0; rank < communicator.size(); ++rank) EXPECT_TRUE(all[rank] == Pattern(size_of(rank), rank));
  });
}

TEST_P(CollectivesTest, GathersStrings) {
  std::vector<std::string> expected;
  for (int rank = 0; rank < GetParam(); ++rank) expected.push_back(std::string(rank * 700, 'x') + absl::StrCat(rank));
  expected.back().clear();
  Run([&](Communicator& communicator) {
    const std::string& mine = expected[communicator.rank()];
    EXPECT_THAT(AllGatherStrings(&communicator, mine), ElementsAreArray(expected));
    const int root = communicator.size() / 2;
    const std::vector<std::string> gathered = GatherStrings(&communicator, mine, root);
    if (communicator.rank() == root) {
      EXPECT_THAT(gathered, ElementsAreArray(expected));
    } else {
      EXPECT_TRUE(gathered.empty());
    }
  });
}

TEST_P(CollectivesTest, AnyRankIsAgreed) {
  Run([](Communicator& communicator) {
    EXPECT_FALSE(AnyRank(&communicator, false));
    for (int rank = 0; rank < communicator.size(); ++rank) {
      EXPECT_TRUE(AnyRank(&communicator, communicator.rank() == rank));
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, CollectivesTest, ::testing::Values(1, 2, 3, 5, 8));

}  // namespace
}  // namespace espalier
