#include "compression/import/name_matching.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compression/import/natural_order.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ImportTarget TargetOf(const Model& model) {
  auto target = MakeImportTarget(model);
  CHECK(target.ok()) << target.status();
  return *std::move(target);
}

ImportTarget Shipped(const std::string& name) {
  const auto document = LoadModel("configs/models/" + name + ".pbtxt");
  CHECK(document.ok()) << document.status();
  return TargetOf(document->model);
}

ImportTarget Parsed(const std::string& text) {
  Model model;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  return TargetOf(model);
}

// The modules that PyTorch would have for the layers, in the order of the layers, under these names; sorted as files
// are.
std::vector<ForeignTensor> ForeignFor(const ImportTarget& target, const std::vector<std::string>& modules) {
  CHECK_EQ(modules.size(), target.layers.size());
  std::vector<ForeignTensor> theirs;
  for (size_t i = 0; i < modules.size(); ++i) {
    const TargetLayer& layer = target.layers[i];
    for (const TargetTensor& tensor : layer.tensors) {
      const std::map<std::string, std::string> norm = {
          {"scale", "weight"}, {"shift", "bias"}, {"mean", "running_mean"}, {"variance", "running_var"}};
      const std::string part = layer.kind == "batch_norm" ? norm.at(tensor.part) : tensor.part;
      theirs.push_back({absl::StrCat(modules[i], ".", part), tensor.shape});
    }
    if (layer.kind == "batch_norm") theirs.push_back({absl::StrCat(modules[i], ".num_batches_tracked"), Shape{}});
  }
  std::sort(theirs.begin(), theirs.end(),
            [](const ForeignTensor& a, const ForeignTensor& b) { return a.name < b.name; });
  return theirs;
}

// Every tensor of layer i went to module i.
void ExpectMatched(const ImportTarget& target, const std::vector<std::string>& modules) {
  const std::vector<ForeignTensor> theirs = ForeignFor(target, modules);
  const auto matching = MatchNames(theirs, target, {}, "");
  ASSERT_TRUE(matching.ok()) << matching.status();
  for (size_t i = 0; i < modules.size(); ++i) {
    for (const TargetTensor& tensor : target.layers[i].tensors) {
      const std::string& name = theirs[matching->theirs[tensor.index]].name;
      EXPECT_TRUE(absl::StartsWith(name, modules[i] + ".")) << target.layers[i].name << " <- " << name;
    }
  }
  for (const int index : matching->left_out) EXPECT_THAT(theirs[index].name, HasSubstr("num_batches_tracked"));
}

TEST(NameMatching, TorchvisionsAlexNetStyle) {
  ExpectMatched(Shipped("lenet5"), {"features.0", "features.3", "classifier.0", "classifier.2"});
}

TEST(NameMatching, TorchvisionsVgg) {
  std::vector<std::string> modules;
  for (const int index : {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28}) {
    modules.push_back(absl::StrCat("features.", index));
  }
  for (const int index : {0, 3, 6}) modules.push_back(absl::StrCat("classifier.", index));
  ExpectMatched(Shipped("vgg16"), modules);
}

TEST(NameMatching, TorchvisionsSqueezeNet) {
  std::vector<std::string> modules = {"features.0"};
  for (const int fire : {3, 4, 5, 7, 8, 9, 10, 12}) {
    for (const char* part : {"squeeze", "expand1x1", "expand3x3"}) {
      modules.push_back(absl::StrCat("features.", fire, ".", part));
    }
  }
  modules.emplace_back("classifier.1");
  ExpectMatched(Shipped("squeezenet_v1.0"), modules);
}

// ResNet's layers in the order of ours: stem, blocks with their shortcut last, classifier.
std::vector<std::string> ResNetModules(const ImportTarget& target, const std::vector<int>& blocks, int convolutions) {
  std::vector<std::string> modules = {"conv1", "bn1"};
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string prefix = absl::StrCat("layer", stage + 1, ".", block, ".");
      for (int i = 1; i <= convolutions; ++i) {
        modules.push_back(absl::StrCat(prefix, "conv", i));
        modules.push_back(absl::StrCat(prefix, "bn", i));
      }
      if (absl::StrContains(target.layers[modules.size()].name, "shortcut")) {
        modules.push_back(prefix + "downsample.0");
        modules.push_back(prefix + "downsample.1");
      }
    }
  }
  modules.emplace_back("fc");
  return modules;
}

TEST(NameMatching, TorchvisionsResNets) {
  const ImportTarget resnet18 = Shipped("resnet18"), resnet50 = Shipped("resnet50"), resnet20 = Shipped("resnet20");
  ExpectMatched(resnet18, ResNetModules(resnet18, {2, 2, 2, 2}, 2));
  ExpectMatched(resnet50, ResNetModules(resnet50, {3, 4, 6, 3}, 3));
  ExpectMatched(resnet20, ResNetModules(resnet20, {3, 3, 3}, 2));
}

TEST(NameMatching, OurOwnNames) {
  const ImportTarget target = Shipped("resnet20");
  std::vector<ForeignTensor> theirs;
  for (const PackedTensor& tensor : target.package.tensors) theirs.push_back({tensor.name, tensor.shape});
  const auto matching = MatchNames(theirs, target, {}, "");
  ASSERT_TRUE(matching.ok()) << matching.status();
  for (size_t i = 0; i < theirs.size(); ++i) EXPECT_EQ(matching->theirs[i], i);
}

constexpr char kTwins[] = R"(
  input { name: "x" dims: 8 }
  layer { name: "a" dense { channels: 8 } } layer { name: "b" dense { channels: 8 } }
  layer { name: "c" dense { channels: 2 } })";

std::vector<ForeignTensor> Twins() {
  return {{"inner.weight", Shape{8, 8}}, {"inner.bias", Shape{8}},    {"outer.weight", Shape{8, 8}},
          {"outer.bias", Shape{8}},      {"top.weight", Shape{2, 8}}, {"top.bias", Shape{2}}};
}

TEST(NameMatching, EqualShapesUnderUnlikeNamesAreNotGuessed) {
  const ImportTarget target = Parsed(kTwins);
  const std::string message(MatchNames(Twins(), target, {}, "").status().message());
  EXPECT_THAT(message, AllOf(HasSubstr("a/weight: expected a tensor [8, 8], found none for certain"),
                             HasSubstr("b/bias: expected"), HasSubstr("outer.bias: expected a use"),
                             Not(HasSubstr("c/weight")), Not(HasSubstr("top"))));
}

TEST(NameMatching, TheTableDecides) {
  const ImportTarget target = Parsed(kTwins);
  const auto matching =
      MatchNames(Twins(), target, {{"outer", "a", 1}, {"inner.weight", "b/weight", 2}, {"inner", "b", 3}}, "t");
  ASSERT_TRUE(matching.ok()) << matching.status();
  EXPECT_THAT(matching->theirs, testing::ElementsAre(2, 3, 0, 1, 4, 5));
}

TEST(NameMatching, TheTableLeavesOut) {
  const ImportTarget target = Parsed(kTwins);
  std::vector<ForeignTensor> theirs = Twins();
  theirs.push_back({"auxiliary.weight", Shape{3}});
  theirs.push_back({"mask", Shape{3}});
  const auto matching =
      MatchNames(theirs, target, {{"inner", "a", 1}, {"outer", "b", 2}, {"auxiliary", "-", 3}, {"mask", "-", 4}}, "t");
  ASSERT_TRUE(matching.ok()) << matching.status();
  EXPECT_THAT(matching->left_out, testing::ElementsAre(6, 7));
}

TEST(NameMatching, ProblemsOfTheTable) {
  const ImportTarget target = Parsed(kTwins);
  const std::string message(
      MatchNames(Twins(), target, {{"iner", "a", 1}, {"outer", "d", 2}, {"top.weight", "c/wieght", 3}}, "names.txt")
          .status()
          .message());
  EXPECT_THAT(message, AllOf(HasSubstr("names.txt:1: expected a tensor or a module of the file, found iner; did you "
                                       "mean inner?"),
                             HasSubstr("names.txt:2: expected a layer of the network, found d"),
                             HasSubstr("names.txt:3: expected a tensor of the network, found c/wieght; did you mean "
                                       "c/weight?")));
}

TEST(NameMatching, ShapesAreChecked) {
  const ImportTarget target = Parsed(kTwins);
  const std::string message(
      MatchNames({{"a.weight", Shape{8, 4}}, {"a.bias", Shape{8}}}, target, {}, "").status().message());
  EXPECT_THAT(message, AllOf(HasSubstr("a/weight: expected a tensor [8, 8], found a.weight [8, 4]"),
                             HasSubstr("c/weight: expected a tensor [2, 8], found none"), Not(HasSubstr("a/bias"))));
}

TEST(NaturalOrder, NumbersCount) {
  EXPECT_TRUE(NaturalLess("features.3", "features.10"));
  EXPECT_FALSE(NaturalLess("features.10", "features.3"));
  EXPECT_TRUE(NaturalLess("a", "a.1"));
  EXPECT_TRUE(NaturalLess("a01", "a1"));
  EXPECT_FALSE(NaturalLess("a1", "a1"));
  EXPECT_EQ(FormOfName("layer1.12.conv2"), "layer#.#.conv#");
  EXPECT_EQ(FormOfName("inception4a.branch1"), FormOfName("inception5b.branch2"));
  EXPECT_EQ(FormOfName("expand3x3"), "expand#x#");
}

}  // namespace
}  // namespace espalier
