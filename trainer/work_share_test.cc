#include "trainer/work_share.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

Job JobOf(int batch_size, int shards = 0) {
  Job job;
  job.mutable_data()->set_batch_size(batch_size);
  if (shards > 0) job.mutable_parallel()->mutable_reproducible()->set_shards(shards);
  return job;
}

TEST(WorkShare, WorkersHaveAllRowsBetweenThem) {
  for (const int workers : {1, 2, 3, 5, 8}) {
    int64_t row = 0;
    for (int worker = 0; worker < workers; ++worker) {
      const auto share = ShareWork(JobOf(13), worker, workers, 4);
      ASSERT_TRUE(share.ok()) << share.status();
      EXPECT_EQ(share->shards, workers);
      EXPECT_EQ(share->lanes, 0);
      EXPECT_EQ(share->row_begin(), row);
      EXPECT_GT(share->row_end(), row);
      row = share->row_end();
    }
    EXPECT_EQ(row, 13);
  }
}

TEST(WorkShare, ReproducibleShardsAreEqualWhoeverHasThem) {
  for (const int workers : {1, 2, 3, 5, 16}) {
    int shard = 0;
    for (int worker = 0; worker < workers; ++worker) {
      const auto share = ShareWork(JobOf(64, 16), worker, workers, 2);
      ASSERT_TRUE(share.ok()) << share.status();
      EXPECT_EQ(share->first_shard(), shard);
      EXPECT_EQ(share->lanes, std::min(2, share->end_shard() - share->first_shard()));
      for (; shard < share->end_shard(); ++shard) EXPECT_EQ(share->RowBegin(shard + 1) - share->RowBegin(shard), 4);
    }
    EXPECT_EQ(shard, 16);
  }
}

TEST(WorkShare, AsynchronousMethodsAreKnown) {
  Job job = JobOf(8);
  EXPECT_FALSE(ShareWork(job, 0, 2, 1)->asynchronous);
  ParameterServer* server = job.mutable_parallel()->mutable_data()->mutable_parameter_server();
  server->mutable_synchronous();
  EXPECT_FALSE(ShareWork(job, 0, 2, 1)->asynchronous);
  server->mutable_asynchronous();
  EXPECT_TRUE(ShareWork(job, 0, 2, 1)->asynchronous);
  server->mutable_bounded_staleness();
  EXPECT_TRUE(ShareWork(job, 0, 2, 1)->asynchronous);
}

TEST(WorkShare, RefusesWorkersWithoutWork) {
  EXPECT_THAT(ShareWork(JobOf(3), 0, 4, 1).status().ToString(), HasSubstr("each of the 4 ranks that train, found 3"));
  EXPECT_THAT(ShareWork(JobOf(64, 4), 0, 5, 1).status().ToString(),
              HasSubstr("reproducible.shards: expected at least one for each of the 5 ranks that train, found 4"));
}

}  // namespace
}  // namespace espalier
