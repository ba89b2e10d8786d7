// The networks of configs/models against the literature: parameters and multiply-accumulates (MACs) of one image, as
// integers, derived here a second time from the papers' tables.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "core/human_readable.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/model_builder.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

constexpr char kFolder[] = "configs/models";

// Follows a picture through a network and counts.
struct Walk {
  int64_t channels, height, width;
  int64_t parameters = 0, macs = 0;

  struct Options {
    int64_t stride = 1, pad_h = 0, pad_w = 0, groups = 1;
    bool norm = false;  // batch norm (scale and shift) instead of a bias
  };

  void Conv(int64_t out, int64_t kernel_h, int64_t kernel_w, const Options& options) {
    height = (height + 2 * options.pad_h - kernel_h) / options.stride + 1;
    width = (width + 2 * options.pad_w - kernel_w) / options.stride + 1;
    const int64_t weights = out * channels / options.groups * kernel_h * kernel_w;
    parameters += weights + (options.norm ? 2 : 1) * out;
    macs += weights * height * width;
    channels = out;
  }
  void Square(int64_t out, int64_t kernel, int64_t stride, int64_t pad, bool norm, int64_t groups = 1) {
    Conv(out, kernel, kernel, {stride, pad, pad, groups, norm});
  }
  void Pool(int64_t kernel, int64_t stride, int64_t pad = 0, bool ceil = false) {
    const int64_t up = ceil ? stride - 1 : 0;
    height = (height + 2 * pad - kernel + up) / stride + 1;
    width = (width + 2 * pad - kernel + up) / stride + 1;
  }
  void GlobalPool() { height = width = 1; }
  void Dense(int64_t out) {
    const int64_t inputs = channels * height * width;
    parameters += inputs * out + out;
    macs += inputs * out;
    channels = out;
    height = width = 1;
  }
  // What `branch` adds, without moving; returns where it ends.
  template <typename Branch>
  Walk Aside(const Branch& branch) {
    Walk aside = *this;
    branch(aside);
    parameters = aside.parameters;
    macs = aside.macs;
    return aside;
  }
  // Branches that read the same input and are joined.
  template <typename... Branches>
  void Join(const Branches&... branches) {
    int64_t joined = 0;
    Walk last = *this;
    ((last = Aside(branches), joined += last.channels), ...);
    channels = joined;
    height = last.height;
    width = last.width;
  }
};

Walk LeNet300() {
  Walk net{1, 28, 28};
  for (int64_t out : {300, 100, 10}) net.Dense(out);
  return net;
}

Walk LeNet5() {
  Walk net{1, 28, 28};
  for (int64_t out : {20, 50}) {
    net.Square(out, 5, 1, 0, false);
    net.Pool(2, 2);
  }
  for (int64_t out : {500, 10}) net.Dense(out);
  return net;
}

Walk AlexNet() {
  Walk net{3, 227, 227};
  net.Square(96, 11, 4, 0, false);
  net.Pool(3, 2);
  net.Square(256, 5, 1, 2, false, 2);
  net.Pool(3, 2);
  net.Square(384, 3, 1, 1, false);
  net.Square(384, 3, 1, 1, false, 2);
  net.Square(256, 3, 1, 1, false, 2);
  net.Pool(3, 2);
  for (int64_t out : {4096, 4096, 1000}) net.Dense(out);
  return net;
}

Walk Vgg16() {
  Walk net{3, 224, 224};
  for (auto [out, count] : std::vector<std::pair<int, int>>{{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
    for (int i = 0; i < count; ++i) net.Square(out, 3, 1, 1, false);
    net.Pool(2, 2);
  }
  for (int64_t out : {4096, 4096, 1000}) net.Dense(out);
  return net;
}

Walk GoogLeNet() {
  Walk net{3, 224, 224};
  net.Square(64, 7, 2, 3, false);
  net.Pool(3, 2, 0, true);
  net.Square(64, 1, 1, 0, false);
  net.Square(192, 3, 1, 1, false);
  net.Pool(3, 2, 0, true);
  // Szegedy et al. 2015, table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
  const int modules[9][6] = {
      {64, 96, 128, 16, 32, 32},     {128, 128, 192, 32, 96, 64},   {192, 96, 208, 16, 48, 64},
      {160, 112, 224, 24, 64, 64},   {128, 128, 256, 24, 64, 64},   {112, 144, 288, 32, 64, 64},
      {256, 160, 320, 32, 128, 128}, {256, 160, 320, 32, 128, 128}, {384, 192, 384, 48, 128, 128}};
  for (int i = 0; i < 9; ++i) {
    const int* m = modules[i];
    const auto reduced = [](int reduce, int out, int kernel) {
      return [=](Walk& branch) {
        branch.Square(reduce, 1, 1, 0, false);
        branch.Square(out, kernel, 1, kernel / 2, false);
      };
    };
    const auto one = [](int out) { return [=](Walk& branch) { branch.Square(out, 1, 1, 0, false); }; };
    net.Join(one(m[0]), reduced(m[1], m[2], 3), reduced(m[3], m[4], 5), one(m[5]));
    if (i == 1 || i == 6) net.Pool(3, 2, 0, true);
  }
  net.GlobalPool();
  net.Dense(1000);
  return net;
}

// A residual block of 3x3 convolutions, or the bottleneck 1x1, 3x3, 1x1; projected where the size changes.
void ResidualBlock(Walk& net, int64_t width, int64_t stride, bool bottleneck) {
  const int64_t out = bottleneck ? 4 * width : width;
  if (stride != 1 || net.channels != out) net.Aside([&](Walk& aside) { aside.Square(out, 1, stride, 0, true); });
  if (bottleneck) {
    net.Square(width, 1, 1, 0, true);
    net.Square(width, 3, stride, 1, true);
    net.Square(out, 1, 1, 0, true);
  } else {
    net.Square(width, 3, stride, 1, true);
    net.Square(width, 3, 1, 1, true);
  }
}

Walk ResidualStages(Walk net, int64_t width, const std::vector<int>& blocks, bool bottleneck, int64_t classes) {
  for (size_t stage = 0; stage < blocks.size(); ++stage, width *= 2) {
    for (int i = 0; i < blocks[stage]; ++i) ResidualBlock(net, width, i == 0 && stage > 0 ? 2 : 1, bottleneck);
  }
  net.GlobalPool();
  net.Dense(classes);
  return net;
}

Walk ImageNetResNet(const std::vector<int>& blocks, bool bottleneck) {
  Walk net{3, 224, 224};
  net.Square(64, 7, 2, 3, true);
  net.Pool(3, 2, 1);
  return ResidualStages(net, 64, blocks, bottleneck, 1000);
}

Walk CifarResNet(int64_t width, const std::vector<int>& blocks) {
  Walk net{3, 32, 32};
  net.Square(width, 3, 1, 1, true);
  return ResidualStages(net, width, blocks, false, 10);
}

Walk SqueezeNet(int64_t channels, int64_t kernel, const std::set<int>& pools, int64_t last_pad) {
  Walk net{3, 227, 227};
  net.Square(channels, kernel, 2, 0, false);
  net.Pool(3, 2, 0, true);
  const int squeeze[] = {16, 16, 32, 32, 48, 48, 64, 64};
  for (int fire = 2; fire <= 9; ++fire) {
    const int s = squeeze[fire - 2];
    net.Square(s, 1, 1, 0, false);
    net.Join([&](Walk& branch) { branch.Square(4 * s, 1, 1, 0, false); },
             [&](Walk& branch) { branch.Square(4 * s, 3, 1, 1, false); });
    if (pools.count(fire) > 0) net.Pool(3, 2, 0, true);
  }
  net.Square(1000, 1, 1, last_pad, false);
  return net;
}

// Convolutions with batch norm one after the other: {channels, kernel_h, kernel_w, stride}, padded to keep the size
// where the stride is 1.
using Chain = std::vector<std::array<int, 4>>;
auto Branch(Chain chain) {
  return [chain = std::move(chain)](Walk& branch) {
    for (const auto& [out, kernel_h, kernel_w, stride] : chain) {
      const bool same = stride == 1;
      branch.Conv(out, kernel_h, kernel_w, {stride, same ? kernel_h / 2 : 0, same ? kernel_w / 2 : 0, 1, true});
    }
  };
}

// Ends in a 1x3 and a 3x1 convolution side by side.
auto SplitBranch(Chain chain) {
  return [chain = std::move(chain)](Walk& branch) {
    Branch(chain)(branch);
    branch.Join(Branch({{384, 1, 3, 1}}), Branch({{384, 3, 1, 1}}));
  };
}

Walk InceptionV3() {
  Walk net{3, 299, 299};
  net.Square(32, 3, 2, 0, true);
  net.Square(32, 3, 1, 0, true);
  net.Square(64, 3, 1, 1, true);
  net.Pool(3, 2);
  net.Square(80, 1, 1, 0, true);
  net.Square(192, 3, 1, 0, true);
  net.Pool(3, 2);
  const auto pool = [](Walk& branch) { branch.Pool(3, 2); };
  for (int projection : {32, 64, 64}) {
    net.Join(Branch({{64, 1, 1, 1}}), Branch({{48, 1, 1, 1}, {64, 5, 5, 1}}),
             Branch({{64, 1, 1, 1}, {96, 3, 3, 1}, {96, 3, 3, 1}}), Branch({{projection, 1, 1, 1}}));
  }
  net.Join(Branch({{384, 3, 3, 2}}), Branch({{64, 1, 1, 1}, {96, 3, 3, 1}, {96, 3, 3, 2}}), pool);
  for (int c : {128, 160, 160, 192}) {
    net.Join(Branch({{192, 1, 1, 1}}), Branch({{c, 1, 1, 1}, {c, 1, 7, 1}, {192, 7, 1, 1}}),
             Branch({{c, 1, 1, 1}, {c, 7, 1, 1}, {c, 1, 7, 1}, {c, 7, 1, 1}, {192, 1, 7, 1}}),
             Branch({{192, 1, 1, 1}}));
  }
  net.Join(Branch({{192, 1, 1, 1}, {320, 3, 3, 2}}),
           Branch({{192, 1, 1, 1}, {192, 1, 7, 1}, {192, 7, 1, 1}, {192, 3, 3, 2}}), pool);
  for (int i = 0; i < 2; ++i) {
    net.Join(Branch({{320, 1, 1, 1}}), SplitBranch({{384, 1, 1, 1}}), SplitBranch({{448, 1, 1, 1}, {384, 3, 3, 1}}),
             Branch({{192, 1, 1, 1}}));
  }
  net.GlobalPool();
  net.Dense(1000);
  return net;
}

struct Published {
  std::string file;
  int64_t parameters, macs;
  // As published, rounded; 0: not published for this form.
  double parameters_millions, macs_millions;
  Walk (*derive)();
};

const Published kPublished[] = {
    // Han et al., "Learning both weights and connections", NIPS 2015, tables 3 and 4: 267 K and 431 K.
    {"lenet300", 266610, 266200, 0.267, 0, [] { return LeNet300(); }},
    {"lenet5", 431080, 2293000, 0.431, 0, [] { return LeNet5(); }},
    // Han et al. 2015, table 4: 61 M. Chen et al., "Eyeriss", JSSC 2017: 666 M MACs in the convolutions, 58.6 M after.
    {"alexnet", 60965224, 724406816, 61.0, 724, [] { return AlexNet(); }},
    // Simonyan and Zisserman 2015, table 2: 138 M. Sze et al., Proc. IEEE 2017, table II: 15.5 G.
    {"vgg16", 138357544, 15470264320, 138, 15500, [] { return Vgg16(); }},
    // Szegedy et al. 2015: about 1.5 G; ports of Caffe's bvlc_googlenet: 7.00 M and 1.6 G.
    {"googlenet", 6998552, 1582671872, 7.00, 1600, [] { return GoogLeNet(); }},
    // torchvision's tables of weights (num_params, GFLOPS, which counts multiply-accumulates).
    {"resnet18", 11689512, 1814073344, 11.689512, 1814,
     [] {
       return ImageNetResNet({2, 2, 2, 2}, false);
     }},
    {"resnet50", 25557032, 4089184256, 25.557032, 4089,
     [] {
       return ImageNetResNet({3, 4, 6, 3}, true);
     }},
    {"resnet101", 44549160, 7801405440, 44.549160, 7801,
     [] {
       return ImageNetResNet({3, 4, 23, 3}, true);
     }},
    {"resnet152", 60192808, 11513626624, 60.192808, 11514,
     [] {
       return ImageNetResNet({3, 8, 36, 3}, true);
     }},
    // The same table: 27,161,264 with the auxiliary classifier, which has 3,326,696; 5.713 G.
    {"inception_v3", 23834568, 5713216096, 27.161264 - 3.326696, 5713, [] { return InceptionV3(); }},
    // The same table: 1,248,424 and 1,235,496 (its MACs are for 224 x 224 and another conv10).
    {"squeezenet_v1.0", 1248424, 861339936, 1.248424, 0,
     [] {
       return SqueezeNet(96, 7, {4, 8}, 1);
     }},
    {"squeezenet_v1.1", 1235496, 387747520, 1.235496, 0,
     [] {
       return SqueezeNet(64, 3, {3, 5}, 0);
     }},
    // He et al. 2016, table 6: 0.27, 0.46, 0.66, 0.85, 1.7 M with option A, whose shortcuts have no weights: 2,752
    // fewer.
    {"resnet20", 272474, 40813184, 0.269722 + 0.002752, 40.8,
     [] {
       return CifarResNet(16, {3, 3, 3});
     }},
    {"resnet32", 466906, 69124736, 0.464154 + 0.002752, 0,
     [] {
       return CifarResNet(16, {5, 5, 5});
     }},
    {"resnet44", 661338, 97436288, 0.658586 + 0.002752, 0,
     [] {
       return CifarResNet(16, {7, 7, 7});
     }},
    {"resnet56", 855770, 125747840, 0.853018 + 0.002752, 0,
     [] {
       return CifarResNet(16, {9, 9, 9});
     }},
    {"resnet110", 1730714, 253149824, 1.727962 + 0.002752, 0,
     [] {
       return CifarResNet(16, {18, 18, 18});
     }},
    // The usual PyTorch port for CIFAR: 11,173,962 parameters, 0.56 G.
    {"resnet18_cifar", 11173962, 555422720, 11.173962, 555,
     [] {
       return CifarResNet(64, {2, 2, 2, 2});
     }},
};

class PublishedModelTest : public testing::TestWithParam<Published> {};

TEST_P(PublishedModelTest, HasThePublishedParametersAndMacs) {
  const Published& published = GetParam();
  const ModelDocument document = LoadModel(absl::StrCat(kFolder, "/", published.file, ".pbtxt")).value();
  EXPECT_EQ(document.model.name(), published.file);
  Graph graph;
  BuildOptions options;
  options.sources = &document.sources;
  const absl::StatusOr<BuiltModel> built = BuildModel(document.model, options, &graph);
  ASSERT_TRUE(built.ok()) << built.status();
  int64_t macs = 0;
  for (const Node& node : graph.nodes()) {
    macs += node.op->CostOf(graph.InputTypes(node), graph.OutputTypes(node)).macs;
  }
  EXPECT_EQ(graph.parameters().parameter_count(), published.parameters);
  EXPECT_EQ(macs, published.macs);

  const Walk derived = published.derive();
  EXPECT_EQ(derived.parameters, published.parameters);
  EXPECT_EQ(derived.macs, published.macs);
  EXPECT_NEAR(published.parameters / 1e6 / published.parameters_millions, 1, 0.005);
  if (published.macs_millions > 0) EXPECT_NEAR(published.macs / 1e6 / published.macs_millions, 1, 0.02);
}

TEST_P(PublishedModelTest, OpensWithItsPaperAndItsNumbers) {
  std::ifstream file(absl::StrCat(kFolder, "/", GetParam().file, ".pbtxt"));
  std::stringstream text;
  text << file.rdbuf();
  const std::string head = absl::StrReplaceAll(text.str().substr(0, text.str().find("name:")), {{"\n#", ""}});
  EXPECT_TRUE(absl::StartsWith(head, "# ")) << head;
  EXPECT_THAT(head, testing::HasSubstr(FormatCount(GetParam().parameters) + " parameters, "));
  EXPECT_THAT(head, testing::HasSubstr(FormatCount(GetParam().macs) + " MACs per image"));
}

INSTANTIATE_TEST_SUITE_P(Networks, PublishedModelTest, testing::ValuesIn(kPublished), [](const auto& info) {
  return absl::StrReplaceAll(info.param.file, {{".", "_"}});
});

TEST(PublishedModelsTest, EveryNetworkOfTheFolderIsInTheTable) {
  std::set<std::string> known;
  for (const Published& published : kPublished) known.insert(published.file + ".pbtxt");
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".pbtxt") continue;
    EXPECT_EQ(known.count(entry.path().filename().string()), 1u) << entry.path();
  }
}

}  // namespace
}  // namespace espalier
