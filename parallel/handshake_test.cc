#include "parallel/handshake.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string HostOf(int rank) { return absl::StrCat("h", rank); }

// What every rank is told, which must be the same.
template <typename Body>
absl::Status OnRanks(int ranks, const Body& body) {
  std::vector<absl::Status> statuses(ranks);
  ThreadRankOptions options;
  options.maximum_delay = 3;
  RunRanks(ranks, options, [&](Communicator& communicator) {
    statuses[communicator.rank()] = body(&communicator, communicator.rank());
  });
  for (const absl::Status& status : statuses) EXPECT_EQ(status, statuses[0]);
  return statuses[0];
}

TEST(HandshakeTest, EqualFactsAreFine) {
  for (const int ranks : {1, 2, 5}) {
    EXPECT_TRUE(OnRanks(ranks, [](Communicator* communicator, int rank) {
                  return CompareFacts(communicator, HostOf(rank), {{"job", "a\nb"}, {"data", std::string(1, '\0')}});
                }).ok());
  }
}

TEST(HandshakeTest, NamesTheRanksThatDifferAndInWhat) {
  const absl::Status status = OnRanks(4, [](Communicator* communicator, int rank) {
    return CompareFacts(communicator, HostOf(rank),
                        {{"program", rank == 2 ? "build 2" : "build 1"},
                         {"job", rank >= 2 ? "name: x\nepochs: 3\n" : "name: x\nepochs: 5\n"}});
  });
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(),
            "rank 2 (h2): program differs from rank 0's: found build 2, rank 0 has build 1; job differs from rank 0's: "
            "line 2: found epochs: 3, rank 0 has epochs: 5\n"
            "rank 3 (h3): job differs from rank 0's: line 2: found epochs: 3, rank 0 has epochs: 5");
}

TEST(HandshakeTest, AFactMayTellItsDifferencesItself) {
  const absl::Status status = OnRanks(2, [](Communicator* communicator, int rank) {
    SharedFact fact = {"job", absl::StrCat(rank)};
    fact.difference = [](const std::string& value, const std::string& first) {
      return absl::StrCat(value, " is not ", first);
    };
    return CompareFacts(communicator, HostOf(rank), {fact});
  });
  EXPECT_EQ(status.message(), "rank 1 (h1): job differs from rank 0's: 1 is not 0");
}

TEST(HandshakeTest, ATextThatEndsEarlier) {
  const absl::Status status = OnRanks(2, [](Communicator* communicator, int rank) {
    return CompareFacts(communicator, HostOf(rank), {{"job", rank == 0 ? "a\nb" : "a"}});
  });
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2: found its end, rank 0 has b"));
}

TEST(HandshakeTest, AProgramWithOtherFacts) {
  const absl::Status status = OnRanks(2, [](Communicator* communicator, int rank) {
    std::vector<SharedFact> facts = {{"program", absl::StrCat(rank)}};
    if (rank == 0) facts.push_back({"new fact", "1"});
    return CompareFacts(communicator, HostOf(rank), facts);
  });
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("program differs"), HasSubstr("it does not tell its new fact")));
}

TEST(HandshakeTest, ManyDifferencesAreCounted) {
  const absl::Status status = OnRanks(12, [](Communicator* communicator, int rank) {
    return CompareFacts(communicator, HostOf(rank), {{"job", absl::StrCat(rank)}});
  });
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("rank 8 (h8)"), Not(HasSubstr("rank 9")), HasSubstr("\nand 3 more ranks")));
}

TEST(HandshakeTest, AnErrorOfOneRankIsEverybodys) {
  const absl::Status status = OnRanks(3, [](Communicator* communicator, int rank) {
    absl::Status mine;
    if (rank == 1) {
      mine = absl::DataLossError("cannot read x");
      mine.SetPayload("mark", absl::Cord("value"));
    }
    return ShareStatus(communicator, HostOf(rank), mine);
  });
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(status.message(), "rank 1 (h1): cannot read x");
  EXPECT_EQ(status.GetPayload("mark"), absl::Cord("value"));
}

TEST(HandshakeTest, ErrorsOfSeveralRanks) {
  EXPECT_EQ(OnRanks(3,
                    [](Communicator* communicator, int rank) {
                      return ShareStatus(
                          communicator, HostOf(rank),
                          rank == 0 ? absl::OkStatus() : absl::InternalError(absl::StrCat("error ", rank)));
                    })
                .message(),
            "rank 1 (h1): error 1 (and 1 more rank failed)");
  EXPECT_EQ(OnRanks(3,
                    [](Communicator* communicator, int rank) {
                      return ShareStatus(communicator, HostOf(rank), absl::InternalError("job.pbtxt:1:2: expected {"));
                    })
                .message(),
            "job.pbtxt:1:2: expected {");
  EXPECT_TRUE(OnRanks(3, [](Communicator* communicator, int rank) {
                return ShareStatus(communicator, HostOf(rank), absl::OkStatus());
              }).ok());
}

TEST(HandshakeTest, ProgramIdentityIsThatOfTheFile) {
  FileSystem* const files = FileSystem::Posix();
  const std::string path = ::testing::TempDir() + "/program";
  ASSERT_TRUE(WriteFileAtomically(files, path, "123456789").ok());
  EXPECT_EQ(*ProgramIdentity(files, path), "9 bytes, crc32c e3069283");  // the checksum's published check value
  EXPECT_THAT(*ProgramIdentity(files), ContainsRegex("^[0-9]+ bytes, crc32c [0-9a-f]{8}$"));
  EXPECT_FALSE(ProgramIdentity(files, path + "2").ok());
}

}  // namespace
}  // namespace espalier
