#include "hw/inference_network.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

InferenceNetwork Build(absl::string_view text) {
  absl::StatusOr<InferenceNetwork> network = BuildInferenceNetwork(ParseModel(text), 2);
  CHECK(network.ok()) << network.status();
  return *std::move(network);
}

std::string Error(absl::string_view text) {
  return std::string(BuildInferenceNetwork(ParseModel(text), 2).status().message());
}

std::vector<std::string> Kinds(const InferenceNetwork& network) {
  std::vector<std::string> kinds;
  for (const InferenceLayer& layer : network.layers) {
    kinds.push_back(layer.name + ": " + std::string(Name(layer.kind)) + (layer.relu ? ", relu" : ""));
  }
  return kinds;
}

TEST(InferenceNetworkTest, WhatBelongsToALayerIsPartOfIt) {
  const InferenceNetwork network = Build(
      "input { name: 'x' dims: [2, 4, 4] } layer { name: 'conv' conv { channels: 2 kernel: 3 pad: 1 } } "
      "layer { batch_norm {} } layer { name: 'r' relu {} } layer { dropout {} } layer { pool { kernel: 2 } } "
      "layer { flatten {} } layer { name: 'fc' dense { channels: 3 bias: false } } layer { softmax {} }");
  EXPECT_THAT(Kinds(network), ElementsAre("conv: convolution, relu", "pool1: max pool", "fc: dense"));
  EXPECT_NE(network.layers[0].scale, kNoValue);
  EXPECT_NE(network.layers[0].bias, kNoValue);
  EXPECT_EQ(network.layers[2].bias, kNoValue);
  EXPECT_EQ(network.layers[2].inputs[0], network.layers[1].output);
  EXPECT_EQ(network.output, network.layers[2].output);
  EXPECT_EQ(network.ActivationName(network.input), "x");
  EXPECT_EQ(network.ActivationName(network.layers[0].output), "r");
  EXPECT_EQ(network.SampleShape(network.layers[1].output), Shape({2, 2, 2}));
}

TEST(InferenceNetworkTest, WhatOthersReadStaysApart) {
  const InferenceNetwork network = Build(
      "input { name: 'x' dims: [2, 2, 2] } layer { residual { body { layer { conv { channels: 2 kernel: 1 } } "
      "layer { relu {} } layer { conv { channels: 2 kernel: 1 } } } } } layer { relu {} } "
      "layer { name: 'a' conv { channels: 2 kernel: 1 } } layer { name: 'b' relu {} } "
      "layer { name: 'c' concat {} input: ['a', 'b'] } layer { global_average_pool {} }");
  EXPECT_THAT(Kinds(network),
              ElementsAre("residual1/conv1: convolution, relu", "residual1/conv2: convolution", "residual1: add, relu",
                          "a: convolution", "b: relu, relu", "c: concat", "global_average_pool1: average pool"));
}

TEST(InferenceNetworkTest, ErrorsNameTheLayer) {
  const std::string input = "input { name: 'x' dims: [2, 4, 4] } ";
  EXPECT_THAT(Error(input + "layer { name: 'norm1' lrn {} } layer { flatten {} }"),
              HasSubstr("layer \"norm1\": expected what accelerators do in integers"));
  EXPECT_THAT(Error(input + "layer { name: 'norm1' lrn {} } layer { flatten {} }"), HasSubstr("found lrn"));
  EXPECT_THAT(Error(input + "layer { name: 's' sigmoid {} } layer { flatten {} }"), HasSubstr("found sigmoid"));
  EXPECT_THAT(Error(input + "layer { name: 'bn' batch_norm {} } layer { flatten {} }"),
              HasSubstr("layer \"bn\": expected"));
  EXPECT_THAT(Error(input + "layer { softmax {} } layer { flatten {} }"), HasSubstr("found softmax"));
  EXPECT_THAT(Error(input + "layer { relu {} }"), HasSubstr("expected logits [batch, classes] as output, found "
                                                            "[2, 2, 4, 4]"));
  EXPECT_THAT(Error("input { name: 'a' dims: 3 } input { name: 'b' dims: 3 } layer { add {} }"),
              HasSubstr("expected one input for a network in integers, found 2"));
}

}  // namespace
}  // namespace espalier
