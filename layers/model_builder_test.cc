#include "layers/model_builder.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kImage[] = R"(input { name: "image" dims: [3, 8, 8] } )";

std::string Image(absl::string_view layers) { return kImage + std::string(layers); }

std::vector<std::string> Names(const TestModel& model) {
  std::vector<std::string> names;
  for (const BuiltLayer& layer : model.built.layers) names.push_back(layer.name);
  return names;
}

TEST(ModelBuilderTest, ReadsTheLayerAboveByDefault) {
  const TestModel model = BuildText(Image(R"(
      layer { conv { channels: 4 kernel: 3 pad: 1 } } layer { relu {} } layer { dense { channels: 10 } })"));
  EXPECT_THAT(model.kinds(), ElementsAre("convolution", "relu", "reshape", "matmul"));
  EXPECT_THAT(Names(model), ElementsAre("conv1", "relu1", "dense1"));
  EXPECT_THAT(model.parameter_names(), ElementsAre("conv1/weight", "conv1/bias", "dense1/weight", "dense1/bias"));
  EXPECT_EQ(model.output_shape(), Shape({2, 10}));
  EXPECT_EQ(model.built.inputs, std::vector<ValueId>{model.graph.input("image")});
  EXPECT_EQ(model.graph.node(0).layer, "conv1");
}

TEST(ModelBuilderTest, NamesAreKindsAndTheLowestFreeNumbers) {
  const TestModel model = BuildText(Image(R"(
      layer { name: "relu2" relu {} } layer { relu {} } layer { relu {} }
      layer { name: "act" repeat: 2 relu {} } layer { name: "act3" repeat: 2 tanh {} })"));
  EXPECT_THAT(Names(model), ElementsAre("relu2", "relu1", "relu3", "act1", "act2", "act3_1", "act3_2"));
}

TEST(ModelBuilderTest, CompositesNestAndRepeat) {
  const TestModel model = BuildText(Image(R"(
      layer {
        name: "stage" repeat: 2
        sequence {
          layer {
            name: "block"
            residual {
              body { layer { conv { channels: 4 kernel: 3 pad: 1 bias: false } } layer { relu {} } }
              shortcut { layer { conv { channels: 4 kernel: 1 bias: false } } }
            }
          }
          layer { relu {} }
        }
      })"));
  EXPECT_THAT(Names(model), ElementsAre("stage1/block/conv1", "stage1/block/relu1", "stage1/block/shortcut/conv1",
                                        "stage1/block", "stage1/relu1",  //
                                        "stage2/block/conv1", "stage2/block/relu1", "stage2/block/shortcut/conv1",
                                        "stage2/block", "stage2/relu1"));
  EXPECT_THAT(model.kinds(), ElementsAre("convolution", "relu", "convolution", "add", "relu",  //
                                         "convolution", "relu", "convolution", "add", "relu"));
  EXPECT_EQ(model.built.layers[2].path, "layer[0].sequence.layer[0].residual.shortcut.layer[0]");
  EXPECT_EQ(model.graph.parameters().size(), 4) << "copies have weights of their own";
}

TEST(ModelBuilderTest, AResidualWithoutShortcutAddsItsInput) {
  const TestModel model = BuildText(Image("layer { residual { body { layer { relu {} } } } }"), 1);
  const ValueId image = model.graph.input("image");
  EXPECT_THAT(model.graph.node(1).inputs, ElementsAre(model.graph.node(0).outputs[0], image));
}

TEST(ModelBuilderTest, BranchesReadOneInputAndAreJoined) {
  const TestModel model = BuildText(Image(R"(
      layer { name: "mix" branches { branch { layer { conv { channels: 5 kernel: 1 } } } branch {} } })"));
  EXPECT_THAT(Names(model), ElementsAre("mix/branch1/conv1", "mix"));
  EXPECT_EQ(model.output_shape(), Shape({2, 8, 8, 8}));
}

TEST(ModelBuilderTest, NamesAreLookedUpInThisListThenOutwardsAndReachIntoComposites) {
  const TestModel model = BuildText(Image(R"(
      layer { name: "a" relu {} }
      layer { name: "seq" sequence {
        layer { name: "a" tanh {} }
        layer { name: "sum" add {} input: ["a", "image"] }
      } }
      layer { name: "last" add {} input: ["a", "seq/a", "seq"] })"));
  const auto node = [&](absl::string_view layer) -> const Node& {
    for (const Node& node : model.graph.nodes()) {
      if (node.layer == layer) return node;
    }
    LOG(FATAL) << layer;
  };
  EXPECT_THAT(node("seq/sum").inputs, ElementsAre(node("seq/a").outputs[0], model.graph.input("image")));
  EXPECT_THAT(node("last").inputs, ElementsAre(node("a").outputs[0], node("seq/a").outputs[0]));
  EXPECT_THAT(node("seq/a").inputs, ElementsAre(node("a").outputs[0]));
}

TEST(ModelBuilderTest, TheNameOfARepeatedLayerIsItsLastCopy) {
  const TestModel model = BuildText(Image(R"(
      layer { name: "a" repeat: 3 relu {} } layer { tanh {} } layer { add {} input: ["a", "tanh1"] })"));
  EXPECT_EQ(model.graph.nodes().back().inputs[0], model.graph.node(2).outputs[0]);
}

TEST(ModelBuilderTest, MultipliersOfCompositesReachTheirLayers) {
  const TestModel model = BuildText(Image(R"(
      layer { learning_rate_multiplier: 0.5 weight_decay_multiplier: 0
              sequence { layer { learning_rate_multiplier: 0.5 conv { channels: 4 kernel: 1 } } } })"));
  EXPECT_EQ(model.graph.parameters()[0].learning_rate_multiplier, 0.25f);
  EXPECT_EQ(model.graph.parameters()[1].weight_decay_multiplier, 0.0f);
}

TEST(ModelBuilderTest, TheOutputMayBeAnyLayer) {
  const TestModel model = BuildText(Image(R"(
      layer { name: "a" relu {} } layer { name: "b" tanh {} input: "image" }
      layer { name: "c" add {} input: ["a", "b"] } output: "c")"));
  EXPECT_EQ(model.built.output, model.built.layers.back().output);
}

TEST(ModelBuilderTest, SeveralInputs) {
  const TestModel model = BuildText(R"(
      input { name: "left" dims: [4] } input { name: "right" dims: [4] } layer { add {} })");
  EXPECT_THAT(model.graph.node(0).inputs, ElementsAre(model.graph.input("left"), model.graph.input("right")));
}

TEST(ModelBuilderTest, TrainingAndInferenceHaveTheSameParametersAndStates) {
  const std::string text = Image(R"(
      layer { conv { channels: 4 kernel: 3 } } layer { batch_norm {} } layer { dropout {} }
      layer { dense { channels: 10 } })");
  const TestModel training = BuildText(text, 4, true);
  const TestModel inference = BuildText(text, 1, false);
  EXPECT_EQ(training.parameter_names(), inference.parameter_names());
  ASSERT_EQ(training.graph.states().size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(training.graph.states()[i].name, inference.graph.states()[i].name);
    EXPECT_NE(training.graph.states()[i].update, kNoValue);
    EXPECT_EQ(inference.graph.states()[i].update, kNoValue);
  }
}

TEST(ModelBuilderErrorTest, UnknownInputsGetTheNearestName) {
  const std::string errors = BuildErrors(Image(R"(
      layer { name: "conv1" conv { channels: 4 kernel: 3 } } layer { name: "b" relu {} input: "conv_1" })"));
  EXPECT_THAT(errors, HasSubstr("layer[1].input[0]: layer \"b\""));
  EXPECT_THAT(errors, HasSubstr("conv_1"));
  EXPECT_THAT(errors, HasSubstr("did you mean conv1?"));
}

TEST(ModelBuilderErrorTest, AnInputMustStandAbove) {
  EXPECT_THAT(BuildErrors(Image(R"(layer { name: "a" relu {} input: "b" } layer { name: "b" relu {} })")),
              HasSubstr("found \"b\", which does not stand above"));
}

TEST(ModelBuilderErrorTest, EveryLayersErrorsAreReportedAtOnce) {
  const std::string errors = BuildErrors(Image(R"(
      layer { name: "a" conv { channels: 4 kernel: 3 groups: 2 } }
      layer { relu {} }
      layer { name: "b" conv { channels: 4 kernel: 11 } input: "image" }
      layer { name: "c" reshape { dims: [5, 5] } input: "image" })"));
  EXPECT_THAT(errors, HasSubstr("layer[0].conv.groups: layer \"a\": "));
  EXPECT_THAT(errors, HasSubstr("layer[2].conv: layer \"b\": "));
  EXPECT_THAT(errors, HasSubstr("layer[3].reshape.dims: layer \"c\": "));
  EXPECT_THAT(errors, Not(HasSubstr("layer[1]"))) << "what follows from an error above is no error of its own";
}

TEST(ModelBuilderErrorTest, CopiesOfALayerReportAnErrorOnce) {
  const std::string errors = BuildErrors(Image("layer { repeat: 3 reshape { dims: [5, 5] } }"));
  EXPECT_EQ(errors.find("dims", errors.find("dims") + 4), std::string::npos) << errors;
}

TEST(ModelBuilderErrorTest, ShapesThatDoNotFitAreBothNamed) {
  const std::string errors = BuildErrors(Image(R"(
      layer { name: "block" residual { body { layer { conv { channels: 4 kernel: 3 } } } } })"));
  EXPECT_THAT(errors, HasSubstr("layer[0].residual: layer \"block\": "));
  EXPECT_THAT(errors, HasSubstr("[1, 4, 6, 6]"));
  EXPECT_THAT(errors, HasSubstr("[1, 3, 8, 8]"));
}

TEST(ModelBuilderErrorTest, UnusedLayersAndInputs) {
  EXPECT_THAT(BuildErrors(Image(R"(layer { name: "a" relu {} } layer { name: "b" relu {} input: "image" })")),
              HasSubstr("layer[0]: layer \"a\": expected its output to be read"));
  EXPECT_THAT(BuildErrors(R"(input { name: "x" dims: 3 } input { name: "y" dims: 3 } layer { relu {} input: "x" })"),
              HasSubstr("input[1]: expected input \"y\" to be read"));
}

TEST(ModelBuilderErrorTest, Names) {
  EXPECT_THAT(BuildErrors(Image(R"(layer { name: "a" relu {} } layer { name: "a" relu {} })")),
              HasSubstr("layer[1].name: expected a name of its own, found a"));
  EXPECT_THAT(BuildErrors(Image(R"(layer { name: "a/b" relu {} })")), HasSubstr("without '/'"));
  EXPECT_THAT(BuildErrors(Image(R"(layer { name: "image" relu {} })")), HasSubstr("layer[0].name"));
  EXPECT_THAT(BuildErrors(Image(R"(layer { name: "r" residual {
      body { layer { name: "shortcut" sequence { layer { name: "a" relu {} } } } }
      shortcut { layer { name: "a" relu {} } } } })")),
              HasSubstr("shortcut.layer[0].name: expected a name of its own, found \"r/shortcut/a\" a second time"));
  EXPECT_THAT(BuildErrors(R"(input { name: "sample_ids" dims: 3 } layer { relu {} })"), HasSubstr("sample_ids"));
  EXPECT_THAT(BuildErrors(Image(R"(layer { relu {} } output: "relu2")")), HasSubstr("did you mean relu1?"));
}

TEST(ModelBuilderErrorTest, SizesThatNoMemoryHolds) {
  EXPECT_THAT(BuildErrors(R"(input { name: "x" dims: [2000000000, 2000000000, 2000000000] } layer { relu {} })"),
              HasSubstr("too large"));
  EXPECT_THAT(BuildErrors(Image("layer { conv { channels: 2000000000 kernel: 2000000000 } }")), HasSubstr("too large"));
  EXPECT_THAT(BuildErrors(Image("layer { conv { channels: 2000000000 kernel: 1 pad: 100000 } }")),
              HasSubstr("too large"));
  EXPECT_THAT(BuildErrors(Image("layer { repeat: 10000 sequence { layer { repeat: 10000 relu {} } } }")),
              HasSubstr("at most 100000 layers"));
}

TEST(ModelBuilderErrorTest, AnEmptyListPassesOnOneInput) {
  EXPECT_EQ(BuildErrors(R"(input { name: "x" dims: 3 } input { name: "y" dims: 3 }
                           layer { name: "r" residual { body { layer { add {} } } } })"),
            "layer[0]: layer \"r\": expected 1 input to pass on, found 2");
}

TEST(ModelBuilderErrorTest, AModelThatNoFileHeldIsValidatedToo) {
  const std::string errors =
      BuildErrors(Image("layer { conv { channels: -1 kernel: 3 } } layer { dense {} } layer {}"));
  EXPECT_THAT(errors, HasSubstr("layer[0].conv.channels: "));
  EXPECT_THAT(errors, HasSubstr("layer[1].dense.channels: "));
  EXPECT_THAT(errors, HasSubstr("layer[2]: "));
  EXPECT_THAT(BuildErrors("layer { relu {} }"), HasSubstr("input"));
}

TEST(ModelBuilderErrorTest, ErrorsCiteWhereTheFieldIsWritten) {
  const Model model = ParseModel(Image("layer { reshape { dims: [5, 5] } }"));
  SourceMap sources;
  sources.Mutable("model.layer[0].reshape")->location = {std::make_shared<std::string>("job.pbtxt"), 3, 15};
  BuildOptions options;
  options.sources = &sources;
  options.path = "model";
  Graph graph;
  EXPECT_THAT(BuildModel(model, options, &graph).status().message(),
              HasSubstr("job.pbtxt:3:15: model.layer[0].reshape.dims: layer \"reshape1\": "));
}

}  // namespace
}  // namespace espalier
