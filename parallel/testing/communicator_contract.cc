#include "parallel/testing/communicator_contract.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include "gtest/gtest.h"

namespace espalier {
namespace {

using Words = std::vector<uint32_t>;

size_t Bytes(const Words& words) { return words.size() * sizeof(uint32_t); }

Words Pattern(size_t size, uint32_t key) {
  Words words(size);
  for (size_t i = 0; i < size; ++i) words[i] = static_cast<uint32_t>(i) * 2654435761u + key;
  return words;
}

// Everybody sends to everybody, itself included; sizes on both sides of what transports send at once.
void ExchangesMessagesOfAllSizes(Communicator& communicator) {
  const int size = communicator.size(), rank = communicator.rank();
  for (size_t count : {0, 1, 1000, 30000, 300000}) {
    std::vector<Words> sent, received(size, Words(count));
    std::vector<Request> requests;
    for (int other = 0; other < size; ++other) sent.push_back(Pattern(count, 100 * rank + other));
    for (int other = 0; other < size; ++other) {
      requests.push_back(communicator.Receive(received[other].data(), Bytes(received[other]), other, 7));
    }
    for (int other = 0; other < size; ++other) {
      requests.push_back(communicator.Send(sent[other].data(), Bytes(sent[other]), other, 7));
    }
    for (Request& request : requests) communicator.Wait(&request);
    for (int other = 0; other < size; ++other) {
      EXPECT_FALSE(requests[other].active());
      EXPECT_TRUE(received[other] == Pattern(count, 100 * other + rank)) << count << " words of rank " << other;
    }
  }
}

void KeepsTheOrderOfATag(Communicator& communicator) {
  const int next = (communicator.rank() + 1) % communicator.size();
  const int before = (communicator.rank() + communicator.size() - 1) % communicator.size();
  constexpr int kMessages = 50;
  // Alternating sizes, so that messages take different ways through a transport.
  std::vector<Words> sent, received;
  for (uint32_t i = 0; i < kMessages; ++i) {
    sent.push_back(Words(i % 3 == 0 ? 20000 : 1, i));
    received.emplace_back(sent.back().size());
  }
  std::vector<Request> requests;
  for (Words& words : sent) requests.push_back(communicator.Send(words.data(), Bytes(words), next, 3));
  for (Words& words : received) requests.push_back(communicator.Receive(words.data(), Bytes(words), before, 3));
  for (Request& request : requests) communicator.Wait(&request);
  for (uint32_t i = 0; i < kMessages; ++i) EXPECT_TRUE(received[i] == sent[i]) << "message " << i;
}

void TagsSelectMessages(Communicator& communicator) {
  const int next = (communicator.rank() + 1) % communicator.size();
  const int before = (communicator.rank() + communicator.size() - 1) % communicator.size();
  std::vector<uint32_t> sent(20), received(20);
  std::iota(sent.begin(), sent.end(), 0u);
  std::vector<Request> requests;
  for (int tag = 0; tag < 20; ++tag) requests.push_back(communicator.Send(&sent[tag], 4, next, tag));
  for (int tag = 19; tag >= 0; --tag) {
    Request request = communicator.Receive(&received[tag], 4, before, tag);
    communicator.Wait(&request);
    EXPECT_EQ(received[tag], sent[tag]);
  }
  for (Request& request : requests) communicator.Wait(&request);
}

void ProbeTellsSourceTagAndSize(Communicator& communicator) {
  const int size = communicator.size();
  MessageInfo info;
  if (communicator.rank() != 0) {
    const Words words = Pattern(communicator.rank() * 5000, communicator.rank());
    Request request = communicator.Send(words.data(), Bytes(words), 0, 40 + communicator.rank());
    communicator.Wait(&request);
    // Nothing else may come to rank 0 before it is done.
    request = communicator.Receive(nullptr, 0, 0, 39);
    communicator.Wait(&request);
    return;
  }
  Request own = communicator.Send(nullptr, 0, 0, 40);
  std::vector<int> seen;
  for (int message = 0; message < size; ++message) {
    for (int attempt = 0; !communicator.Probe(Communicator::kAnySource, Communicator::kAnyTag, &info); ++attempt) {
      communicator.Idle(attempt);
    }
    EXPECT_EQ(info.tag, 40 + info.source);
    EXPECT_EQ(info.bytes, size_t{20000} * info.source);
    Words words(info.bytes / 4);
    Request request = communicator.Receive(words.data(), info.bytes, info.source, info.tag);
    communicator.Wait(&request);
    EXPECT_TRUE(words == Pattern(5000 * info.source, info.source));
    seen.push_back(info.source);
  }
  communicator.Wait(&own);
  std::sort(seen.begin(), seen.end());
  for (int rank = 0; rank < size; ++rank) EXPECT_EQ(seen[rank], rank);
  EXPECT_FALSE(communicator.Probe(Communicator::kAnySource, Communicator::kAnyTag, &info));
  for (int other = 1; other < size; ++other) {
    Request request = communicator.Send(nullptr, 0, other, 39);
    communicator.Wait(&request);
  }
}

void AnySourceTakesEveryMessageOnce(Communicator& communicator) {
  const int size = communicator.size();
  const uint32_t mine = 1u << communicator.rank();
  std::vector<Request> requests;
  for (int other = 0; other < size; ++other) requests.push_back(communicator.Send(&mine, 4, other, 9));
  uint32_t sum = 0;
  for (int message = 0; message < size; ++message) {
    uint32_t word = 0;
    Request request = communicator.Receive(&word, 4, Communicator::kAnySource, 9);
    communicator.Wait(&request);
    sum += word;
  }
  EXPECT_EQ(sum, (1u << size) - 1);
  for (Request& request : requests) communicator.Wait(&request);
}

// Ranks of equal colour in their order; what they tell each other stays among them.
void SplitMakesGroups(Communicator& communicator) {
  const int size = communicator.size(), rank = communicator.rank();
  const std::unique_ptr<Communicator> part = communicator.Split(rank % 2);
  EXPECT_EQ(part->size(), (size + 1 - rank % 2) / 2);
  EXPECT_EQ(part->rank(), rank / 2);
  const std::unique_ptr<Communicator> alone = part->Split(part->rank());
  EXPECT_EQ(alone->size(), 1);
  const uint32_t to_all = 1000 + rank, to_part = 2000 + rank;
  // Both with one source, destination and tag where the next of the part is the next of all.
  const int next = (rank + 1) % size, before = (rank + size - 1) % size;
  const int part_next = (part->rank() + 1) % part->size();
  const int part_before = (part->rank() + part->size() - 1) % part->size();
  uint32_t from_all = 0, from_part = 0;
  Request sends[] = {communicator.Send(&to_all, 4, next, 5), part->Send(&to_part, 4, part_next, 5)};
  Request receives[] = {part->Receive(&from_part, 4, part_before, 5), communicator.Receive(&from_all, 4, before, 5)};
  part->Wait(&receives[0]);
  communicator.Wait(&receives[1]);
  communicator.Wait(&sends[0]);
  part->Wait(&sends[1]);
  EXPECT_EQ(from_all, 1000u + before);
  EXPECT_EQ(from_part, 2000u + 2 * part_before + rank % 2);
}

void TestMovesOnWhileOthersWork(Communicator& communicator) {
  const int next = (communicator.rank() + 1) % communicator.size();
  const int before = (communicator.rank() + communicator.size() - 1) % communicator.size();
  const Words sent = Pattern(500000, communicator.rank());
  Words received(sent.size());
  Request receive = communicator.Receive(received.data(), Bytes(received), before, 11);
  Request send = communicator.Send(sent.data(), Bytes(sent), next, 11);
  bool send_done = false, receive_done = false;
  while (!send_done || !receive_done) {
    send_done = communicator.Test(&send);
    receive_done = communicator.Test(&receive);
  }
  EXPECT_TRUE(communicator.Test(&send) && communicator.Test(&receive)) << "of inactive requests";
  EXPECT_TRUE(received == Pattern(sent.size(), before));
}

}  // namespace

const std::vector<ContractCheck>& CommunicatorContract() {
  static const auto* const checks = new std::vector<ContractCheck>{
      {"ExchangesMessagesOfAllSizes", ExchangesMessagesOfAllSizes},
      {"KeepsTheOrderOfATag", KeepsTheOrderOfATag},
      {"TagsSelectMessages", TagsSelectMessages},
      {"ProbeTellsSourceTagAndSize", ProbeTellsSourceTagAndSize},
      {"AnySourceTakesEveryMessageOnce", AnySourceTakesEveryMessageOnce},
      {"SplitMakesGroups", SplitMakesGroups},
      {"TestMovesOnWhileOthersWork", TestMovesOnWhileOthersWork},
  };
  return *checks;
}

}  // namespace espalier
