#include "compression/weight_transforms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compression/mask.h"

namespace espalier {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

ParameterLayout TwoParameters() {
  ParameterLayout layout;
  layout.Add({"a/weight", {3}});
  layout.Add({"b/weight", {2, 5}});
  return layout;
}

// Values are multiples of a step: stands for any transform that is no mask.
class Steps : public WeightTransform {
 public:
  absl::string_view name() const override { return "steps"; }
  void TransformGradient(float* gradient) const override {
    for (int i = 0; i < 3; ++i) gradient[i] += 1;
  }
  void Project(float* weights) const override {
    for (int i = 0; i < 3; ++i) weights[i] = 2;
  }
  int64_t FindViolation(const float* weights) const override { return weights[0] == 2 || weights[0] == 0 ? -1 : 0; }
  std::vector<NamedTensor> State() const override { return {{"table", Tensor(DType::kF32, {4})}}; }
};

class WeightTransformsTest : public ::testing::Test {
 protected:
  Mask* AddMask(int parameter, const std::vector<int64_t>& masked) {
    auto mask = std::make_unique<Mask>(layout_[parameter].elements());
    for (int64_t position : masked) mask->Add(position);
    Mask* const added = mask.get();
    transforms_.Add(parameter, std::move(mask));
    return added;
  }
  absl::Span<const float> Part(const std::vector<float>& arena, int parameter) const {
    return absl::MakeSpan(arena).subspan(layout_[parameter].offset, layout_[parameter].elements());
  }

  const ParameterLayout layout_ = TwoParameters();
  WeightTransforms transforms_{layout_};
  std::vector<float> arena_ = std::vector<float>(layout_.arena_elements(), 5);
};

TEST_F(WeightTransformsTest, TouchOnlyTheParametersThatHaveThem) {
  AddMask(1, {0, 9});
  transforms_.OnGradient(0, arena_.data());
  EXPECT_THAT(arena_, Each(5));
  transforms_.OnGradient(1, arena_.data());
  EXPECT_THAT(Part(arena_, 0), Each(5));
  EXPECT_THAT(Part(arena_, 1), ElementsAre(0, 5, 5, 5, 5, 5, 5, 5, 5, 0));
}

// The mask is the last towards the network, whenever it was added: so the first that a gradient meets.
TEST_F(WeightTransformsTest, ChainsEndInTheMask) {
  AddMask(0, {1});
  transforms_.Add(0, std::make_unique<Steps>());
  transforms_.Project(arena_.data());
  EXPECT_THAT(Part(arena_, 0), ElementsAre(2, 0, 2));
  transforms_.OnGradient(0, arena_.data());
  EXPECT_THAT(Part(arena_, 0), ElementsAre(3, 1, 3));
  transforms_.Remove("mask");
  transforms_.Project(arena_.data());
  EXPECT_THAT(Part(arena_, 0), Each(2));
  EXPECT_EQ(transforms_.Find(0, "mask"), nullptr);
  EXPECT_NE(transforms_.Find(0, "steps"), nullptr);
}

TEST_F(WeightTransformsTest, ResetSlots) {
  AddMask(0, {0, 2});
  transforms_.ResetSlot(arena_.data(), 0.5f);
  EXPECT_THAT(Part(arena_, 0), ElementsAre(0.5f, 5, 0.5f));
  EXPECT_THAT(Part(arena_, 1), Each(5));
}

TEST_F(WeightTransformsTest, StateIsTheTransformsOwnMemory) {
  const Mask* mask = AddMask(1, {3});
  transforms_.Add(0, std::make_unique<Steps>());
  const std::vector<NamedTensor> state = transforms_.State();
  ASSERT_THAT(state, SizeIs(2));
  EXPECT_EQ(state[0].name, "steps.table/a/weight");
  EXPECT_EQ(state[1].name, "mask/b/weight");
  EXPECT_THAT(state[1].tensor.span<uint8_t>(), ElementsAre(0xf7, 0x03));
  state[1].tensor.data<uint8_t>()[0] = 0xfe;
  EXPECT_TRUE(mask->IsMasked(0));
  EXPECT_FALSE(mask->IsMasked(3));
}

TEST_F(WeightTransformsTest, NoticeForeignWrites) {
  AddMask(1, {4, 6});
  transforms_.Project(arena_.data());
  transforms_.CheckNetworkWeights(arena_.data());
  arena_[layout_[1].offset + 6] = -0.0f;
  EXPECT_DEATH(transforms_.CheckNetworkWeights(arena_.data()), "element 6 of b/weight is -0, which its mask forbids");
}

TEST(Mask, CountsItsBits) {
  for (int64_t elements : {1, 8, 63, 64, 65, 200}) {
    Mask mask(elements);
    EXPECT_EQ(mask.masked(), 0);
    mask.Add(elements - 1);
    mask.Add(elements / 2);
    mask.Add(elements - 1);
    EXPECT_EQ(mask.masked(), elements == 1 ? 1 : 2);
    EXPECT_EQ(mask.State()[0].tensor.elements(), (elements + 7) / 8);
  }
}

}  // namespace
}  // namespace espalier
