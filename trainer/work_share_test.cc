#include "trainer/work_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Job JobOf(int batch_size, int shards = 0) {
  Job job;
  job.mutable_data()->set_batch_size(batch_size);
  if (shards > 0) job.mutable_parallel()->mutable_reproducible()->set_shards(shards);
  return job;
}

WorkShare Share(const Job& job, int worker, int workers, int threads = 1) {
  const absl::StatusOr<WorkShare> share = ShareWork(job, worker, workers, threads);
  EXPECT_TRUE(share.ok()) << share.status();
  return share.value_or(WorkShare());
}

TEST(WorkShareTest, RowsFollowEachOtherAndDifferByAtMostOne) {
  for (int workers = 1; workers <= 9; ++workers) {
    for (int batch_size : {9, 15, 16, 64}) {
      SCOPED_TRACE(absl::StrCat(workers, " workers, batch ", batch_size));
      int64_t end = 0;
      for (int worker = 0; worker < workers; ++worker) {
        const WorkShare share = Share(JobOf(batch_size), worker, workers);
        EXPECT_EQ(share.row_begin(), end);
        end = share.row_end();
        const int64_t rows = end - share.row_begin();
        EXPECT_GE(rows, batch_size / workers);
        EXPECT_LE(rows, (batch_size + workers - 1) / workers);
        EXPECT_EQ(share.end_shard() - share.first_shard(), 1);
        EXPECT_EQ(share.lanes, 0);
      }
      EXPECT_EQ(end, batch_size);
    }
  }
}

TEST(WorkShareTest, ReproducibleShardsAreTheSameForAnyNumberOfWorkers) {
  const Job job = JobOf(24, 8);
  for (int workers = 1; workers <= 8; ++workers) {
    SCOPED_TRACE(workers);
    int shard = 0;
    for (int worker = 0; worker < workers; ++worker) {
      const WorkShare share = Share(job, worker, workers);
      EXPECT_EQ(share.shards, 8);
      EXPECT_EQ(share.first_shard(), shard);
      EXPECT_GT(share.end_shard(), shard);
      for (; shard < share.end_shard(); ++shard) EXPECT_EQ(share.RowBegin(shard), 3 * shard);
      EXPECT_EQ(share.row_end(), 3 * shard);
    }
    EXPECT_EQ(shard, 8);
  }
}

TEST(WorkShareTest, AsManyLanesAsThreadsOrShards) {
  const Job job = JobOf(16, 8);
  EXPECT_EQ(Share(job, 0, 1, 3).lanes, 3);
  EXPECT_EQ(Share(job, 0, 1, 64).lanes, 8);
  EXPECT_EQ(Share(job, 0, 3, 4).lanes, 2);  // shards 0 and 1
  EXPECT_EQ(Share(job, 1, 3, 4).lanes, 3);
  EXPECT_EQ(Share(job, 7, 8, 4).lanes, 1);
}

TEST(WorkShareTest, OnlyServersThatWaitForNobodyAreAsynchronous) {
  Job job = JobOf(16);
  EXPECT_FALSE(Share(job, 0, 2).asynchronous);
  ParameterServer* server = job.mutable_parallel()->mutable_data()->mutable_parameter_server();
  EXPECT_FALSE(Share(job, 0, 2).asynchronous);
  server->mutable_synchronous();
  EXPECT_FALSE(Share(job, 0, 2).asynchronous);
  server->mutable_asynchronous();
  EXPECT_TRUE(Share(job, 0, 2).asynchronous);
  server->mutable_bounded_staleness();
  EXPECT_TRUE(Share(job, 0, 2).asynchronous);
}

TEST(WorkShareTest, RefusesMoreWorkersThanSamplesOrShards) {
  const absl::Status samples = ShareWork(JobOf(4), 0, 5, 1).status();
  EXPECT_TRUE(absl::IsInvalidArgument(samples));
  EXPECT_THAT(std::string(samples.message()),
              AllOf(StartsWith("data.batch_size: "), HasSubstr("5 ranks"), HasSubstr("found 4")));
  const absl::Status shards = ShareWork(JobOf(16, 4), 0, 5, 1).status();
  EXPECT_TRUE(absl::IsInvalidArgument(shards));
  EXPECT_THAT(std::string(shards.message()),
              AllOf(StartsWith("parallel.reproducible.shards: "), HasSubstr("5 ranks"), HasSubstr("found 4")));
  EXPECT_TRUE(ShareWork(JobOf(4), 0, 4, 1).ok());
  EXPECT_TRUE(ShareWork(JobOf(16, 4), 0, 4, 1).ok());
}

}  // namespace
}  // namespace espalier
