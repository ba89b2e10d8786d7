// From a training run to a package and back: the packed network computes what the trained one computed.
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "compression/package/evaluation_network.h"
#include "compression/package/make_package.h"
#include "compression/package/package_file.h"
#include "core/files/testing/faulty_file_system.h"
#include "tests/testing/tiny_job.h"
#include "trainer/trainer.h"

namespace espalier {
namespace {

class PackageTest : public ::testing::Test {
 protected:
  // Trains the tiny job, which has batch norm and, in its sparse phase, masks.
  PackageTest() : job_(PrepareTinyJob({"phase[2].prune={sparsity: 0.5 first_layer: true}"})) {
    std::ostringstream out;
    TrainerOptions options;
    options.output_dir = "/run";
    options.files = &files_;
    options.out = &out;
    options.stop_requested = [] { return false; };
    Trainer trainer(std::move(job_), options);
    EXPECT_TRUE(trainer.Run().ok());
    const absl::StatusOr<Checkpoint> checkpoint = CheckpointStore(&files_, "/run/checkpoints").LoadLatest();
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    job_ = PrepareTinyJob();
    std::vector<NamedTensor> tensors = TensorsOf(job_->network->parameters());
    EXPECT_TRUE(checkpoint->ReadWeights(tensors).ok());
    info_.mutable_model()->CopyFrom(job_->job().model());
    info_.mutable_data()->CopyFrom(job_->job().data());
  }

  TopCounts CountsOfTrained() {
    TopCounts counts;
    Loader& data = *job_->validation_data;
    data.Seek(0, 0);
    for (int64_t i = 0; i < data.batches_per_epoch(); ++i) {
      const absl::StatusOr<const Batch*> batch = data.Next();
      EXPECT_TRUE(batch.ok()) << batch.status();
      job_->network->Evaluate((*batch)->images, (*batch)->labels, {1, 0});
      counts.samples += static_cast<int64_t>(job_->network->LastCounts().samples);
      counts.top1 += static_cast<int64_t>(job_->network->LastCounts().top1);
      counts.top5 += static_cast<int64_t>(job_->network->LastCounts().top5);
    }
    return counts;
  }

  TopCounts CountsOfPacked(const MakePackageOptions& options) {
    const absl::StatusOr<Package> package = MakePackage(info_, TensorsOf(job_->network->parameters()), options);
    EXPECT_TRUE(package.ok()) << package.status();
    const absl::StatusOr<std::string> bytes = EncodePackage(*package);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    const absl::StatusOr<Package> decoded = DecodePackage(*bytes);
    EXPECT_TRUE(decoded.ok()) << decoded.status();
    const absl::StatusOr<TopCounts> counts = EvaluatePackage(*decoded, "", nullptr);
    EXPECT_TRUE(counts.ok()) << counts.status();
    return *counts;
  }

  FaultyFileSystem files_;
  std::unique_ptr<PreparedJob> job_;
  PackageInfo info_;
};

TEST_F(PackageTest, ThePackedNetworkIsRightAsOftenAsTheTrainedOne) {
  const TopCounts trained = CountsOfTrained();
  EXPECT_GT(trained.samples, 0);
  MakePackageOptions exact;
  exact.fold_batch_norm = false;
  const TopCounts same = CountsOfPacked(exact);
  EXPECT_EQ(same.samples, trained.samples);
  EXPECT_EQ(same.top1, trained.top1);
  EXPECT_EQ(same.top5, trained.top5);
  // Folding rounds differently: a sample on the edge between two classes may change sides.
  const TopCounts folded = CountsOfPacked({});
  EXPECT_EQ(folded.samples, trained.samples);
  EXPECT_NEAR(static_cast<double>(folded.top1), static_cast<double>(trained.top1), 1);
}

}  // namespace
}  // namespace espalier
