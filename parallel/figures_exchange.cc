#include "parallel/figures_exchange.h"

#include <algorithm>

#include "glog/logging.h"
#include "parallel/tags.h"

namespace espalier {
namespace {

std::vector<ShardNode> Leaves(int shards) {
  std::vector<ShardNode> leaves;
  for (int shard = 0; shard < shards; ++shard) leaves.push_back({shard, shard + 1});
  return leaves;
}

}  // namespace

FiguresExchange::FiguresExchange(Communicator* workers, int shards)
    : workers_(workers),
      shards_(shards),
      size_(workers->size()),
      additions_(AdditionsAlongTree(shards, Leaves(shards))),
      messages_(4 * shards + size_),
      sums_(shards) {
  CHECK_GE(shards, size_);
}

void FiguresExchange::Start(const std::vector<ShardFigures>& mine, bool stop_requested) {
  const int rank = workers_->rank();
  CHECK_EQ(4 * mine.size() + 1, Numbers(rank));
  double* to = Message(rank);
  for (const ShardFigures& figures : mine) {
    for (double number : {figures.loss, figures.samples, figures.top1, figures.top5}) *to++ = number;
  }
  *to = stop_requested ? 1 : 0;
  requests_.clear();
  tested_ = 0;
  for (int distance = 1; distance < size_; ++distance) {
    const int source = (rank + size_ - distance) % size_;
    requests_.push_back(workers_->Receive(Message(source), Numbers(source) * sizeof(double), source, kFiguresTag));
  }
  for (int distance = 1; distance < size_; ++distance) {
    requests_.push_back(
        workers_->Send(Message(rank), Numbers(rank) * sizeof(double), (rank + distance) % size_, kFiguresTag));
  }
}

bool FiguresExchange::Test() {
  while (tested_ < requests_.size() && workers_->Test(&requests_[tested_])) ++tested_;
  return tested_ == requests_.size();
}

ShardFigures FiguresExchange::Sum() {
  for (int worker = 0; worker < size_; ++worker) {
    const double* from = Message(worker);
    for (int shard = ShardBegin(shards_, worker, size_); shard < ShardBegin(shards_, worker + 1, size_); ++shard) {
      sums_[shard] = {from[0], from[1], from[2], from[3]};
      from += 4;
    }
  }
  for (const Addition& addition : additions_) {
    sums_[addition.to].Add(sums_[addition.from]);
  }
  return sums_[0];
}

bool FiguresExchange::stop() const {
  for (int worker = 0; worker < size_; ++worker) {
    if (Message(worker)[Numbers(worker) - 1] != 0) return true;
  }
  return false;
}

}  // namespace espalier
