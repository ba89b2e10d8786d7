#include "compression/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compression/mask.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

class PruneTest : public ::testing::Test {
 protected:
  PruneTest() {
    layout_.Add({"first/weight", {4}});
    layout_.Add({"second/weight", {6}});
    layout_.Add({"second/bias", {2}, ParameterRole::kBias});
    transforms_ = std::make_unique<WeightTransforms>(layout_);
    weights_.assign(layout_.arena_elements(), 0);
    Put(0, {4, -3, 2, -1});
    Put(1, {0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f});
    Put(2, {0.001f, 0.001f});
    Optimizer config;
    config.mutable_adagrad()->set_initial_accumulator(0.5f);
    optimizer_ = ParameterOptimizer::Create(config, layout_).value();
    std::fill_n(optimizer_->slot(0), layout_.arena_elements(), 9.0f);
  }

  void Put(int parameter, std::vector<float> values) {
    std::copy(values.begin(), values.end(), weights_.begin() + layout_[parameter].offset);
  }
  absl::Span<const float> Weights(int parameter) const { return Part(weights_.data(), parameter); }
  absl::Span<const float> Part(const float* arena, int parameter) const {
    return {arena + layout_[parameter].offset, static_cast<size_t>(layout_[parameter].elements())};
  }
  void Begin(const PhasePruning& pruning) {
    BeginPruning(pruning, layout_, weights_.data(), optimizer_.get(), transforms_.get());
  }
  static PhasePruning Pruning(std::vector<PruneGroup> groups) {
    PhasePruning pruning;
    pruning.plan.emplace().groups = std::move(groups);
    return pruning;
  }

  ParameterLayout layout_;
  std::unique_ptr<WeightTransforms> transforms_;
  std::unique_ptr<ParameterOptimizer> optimizer_;
  std::vector<float> weights_;
};

TEST_F(PruneTest, PrunesEachTensorByItself) {
  EXPECT_EQ(MaskedShare(layout_, *transforms_), std::nullopt);
  Begin(Pruning({{{0}, 0.5}, {{1}, 1.0 / 3}}));
  EXPECT_THAT(Weights(0), ElementsAre(4, -3, 0, 0));
  EXPECT_THAT(Weights(1), ElementsAre(0, 0, 0.3f, -0.4f, 0.5f, -0.6f));
  EXPECT_THAT(Weights(2), Each(0.001f));
  EXPECT_EQ(*MaskedShare(layout_, *transforms_), 0.4);
}

TEST_F(PruneTest, PrunesAllByOneThreshold) {
  Begin(Pruning({{{0, 1}, 0.7}}));
  EXPECT_THAT(Weights(0), ElementsAre(4, -3, 2, 0));
  EXPECT_THAT(Weights(1), Each(0));
}

TEST_F(PruneTest, GivesSlotsTheirFirstValue) {
  Begin(Pruning({{{1}, 0.5}}));
  EXPECT_THAT(Part(optimizer_->slot(0), 0), Each(9));
  EXPECT_THAT(Part(optimizer_->slot(0), 1), ElementsAre(0.5f, 0.5f, 0.5f, 9, 9, 9));
}

TEST_F(PruneTest, RestoresFromZero) {
  Begin(Pruning({{{1}, 0.5}}));
  PhasePruning restore;
  restore.restores_dense = true;
  Begin(restore);
  EXPECT_EQ(MaskedShare(layout_, *transforms_), std::nullopt);
  EXPECT_THAT(Weights(1), ElementsAre(0, 0, 0, -0.4f, 0.5f, -0.6f));
  std::vector<float> gradients(layout_.arena_elements(), 1);
  transforms_->OnGradient(1, gradients.data());
  EXPECT_THAT(gradients, Each(1));
}

TEST_F(PruneTest, LaterPruningsTakeMore) {
  Begin(Pruning({{{1}, 0.5}}));
  Put(1, {0, 0, 0, 0, 0.5f, -0.6f});  // a live weight became zero
  Begin(Pruning({{{1}, 4.0 / 6}}));
  EXPECT_THAT(Weights(1), ElementsAre(0, 0, 0, 0, 0.5f, -0.6f));
  EXPECT_TRUE(static_cast<Mask*>(transforms_->Find(1, Mask::kName))->IsMasked(3));
}

TEST_F(PruneTest, AddsMasksThatACheckpointFills) {
  AddMasks({0, 1}, layout_, transforms_.get());
  EXPECT_EQ(*MaskedShare(layout_, *transforms_), 0);
  Begin(Pruning({{{1}, 0.5}}));
  AddMasks({0, 1}, layout_, transforms_.get());  // changes nothing
  EXPECT_EQ(*MaskedShare(layout_, *transforms_), 0.3);
}

}  // namespace
}  // namespace espalier
