#include "trainer/network.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "gtest/gtest.h"

namespace espalier {
namespace {

// Twice this rank's sums: another rank with the same rows.
class SameRowsTwice : public ChannelReducer {
 public:
  void AllReduce(double* values, int64_t count) override {
    ++calls;
    for (int64_t i = 0; i < count; ++i) values[i] *= 2;
  }
  int calls = 0;
};

Model TinyModel() {
  Model model;
  Input* input = model.add_input();
  input->set_name("image");
  for (int dim : {1, 4, 4}) input->add_dims(dim);
  model.add_layer()->mutable_conv()->set_channels(8);
  model.mutable_layer(0)->mutable_conv()->set_kernel(3);
  model.add_layer()->mutable_batch_norm();
  model.add_layer()->mutable_dense()->set_channels(3);
  return model;
}

std::unique_ptr<Network> TinyNetwork(int64_t batch, ChannelReducer* reducer, int64_t global_batch) {
  NetworkOptions options;
  options.batch_size = options.evaluation_batch_size = batch;
  options.channel_reducer = reducer;
  options.global_batch_size = global_batch;
  auto network = Network::Create(TinyModel(), Loss(), options);
  CHECK(network.ok()) << network.status();
  return *std::move(network);
}

// The same rows on two ranks are as a batch with each row twice: in the kept statistics too.
TEST(NetworkTest, SynchronizesBatchNormInTrainingAlone) {
  Tensor images(DType::kF32, {4, 1, 4, 4}), labels(DType::kS32, {4}), ids(DType::kS32, {4});
  for (int64_t i = 0; i < images.elements(); ++i) images.data<float>()[i] = static_cast<float>(i * i % 29);
  std::copy_n(images.data<float>(), 32, images.data<float>() + 32);
  SameRowsTwice reducer;
  const auto part = TinyNetwork(2, &reducer, 4), whole = TinyNetwork(4, nullptr, 0);
  const double part_loss =
      part->TrainStep(images.Slice(0, 2), labels.Slice(0, 2), ids.Slice(0, 2), 0.25f, StepContext());
  EXPECT_EQ(reducer.calls, 2);  // forward and backward
  const double whole_loss = whole->TrainStep(images, labels, ids, 0.25f, StepContext());
  EXPECT_NEAR(2 * part_loss, whole_loss, 1e-5 * whole_loss);
  const auto& states = part->parameters().states();
  ASSERT_EQ(states.size(), 2u);
  for (const auto& [name, state] : states) {
    const absl::Span<float> expected = whole->parameters().states().at(name).span<float>();
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(state.span<float>()[i], expected[i], 1e-4 * (1 + std::abs(expected[i]))) << name << " " << i;
    }
  }
  part->Evaluate(images.Slice(0, 2), labels.Slice(0, 2), StepContext());
  // Whoever looks for the origin of a NaN runs the plan by himself.
  EXPECT_EQ(part->training().FindNonFinite(StepContext()), -1);
  EXPECT_EQ(reducer.calls, 2);
}

}  // namespace
}  // namespace espalier
