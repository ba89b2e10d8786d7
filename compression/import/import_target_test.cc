#include "compression/import/import_target.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

ImportTarget TargetOf(const std::string& name) {
  const auto document = LoadModel("configs/models/" + name + ".pbtxt");
  CHECK(document.ok()) << document.status();
  auto target = MakeImportTarget(document->model);
  CHECK(target.ok()) << target.status();
  return *std::move(target);
}

TEST(ImportTarget, LayersInTheOrderOfTheNetwork) {
  const ImportTarget target = TargetOf("squeezenet_v1.0");
  ASSERT_EQ(target.layers.size(), 26);
  EXPECT_EQ(target.layers[0].name, "conv1");
  EXPECT_EQ(target.layers[1].name, "fire2/squeeze");
  EXPECT_EQ(target.layers[3].tensors[0].shape, (Shape{64, 16, 3, 3}));
  EXPECT_EQ(target.layers[25].name, "conv10");
  int64_t weights = 0;
  for (const TargetLayer& layer : target.layers) {
    EXPECT_EQ(layer.kind, "conv");
    ASSERT_EQ(layer.tensors.size(), 2);
    EXPECT_EQ(layer.tensors[0].part, "weight");
    EXPECT_EQ(layer.tensors[1].part, "bias");
    weights += layer.tensors[0].shape.elements();
  }
  EXPECT_EQ(weights, 1244448);
}

TEST(ImportTarget, NormsKnowTheConvolutionThatTheyRead) {
  const ImportTarget target = TargetOf("resnet20");
  EXPECT_EQ(target.package.info.model().name(), "resnet20");
  int norms = 0;
  for (const TargetLayer& layer : target.layers) {
    if (layer.kind != "batch_norm") {
      EXPECT_EQ(layer.reads, -1) << layer.name;
      continue;
    }
    ++norms;
    ASSERT_GE(layer.reads, 0) << layer.name;
    EXPECT_EQ(target.layers[layer.reads].kind, "conv");
    ASSERT_EQ(layer.tensors.size(), 4);
    EXPECT_EQ(layer.tensors[2].part, "mean");
    for (const TargetTensor& tensor : layer.tensors) {
      EXPECT_EQ(target.package.tensors[tensor.index].name, layer.name + "/" + tensor.part);
      EXPECT_EQ(target.package.tensors[tensor.index].shape, tensor.shape);
      EXPECT_EQ(target.package.tensors[tensor.index].is_state, tensor.part == "mean" || tensor.part == "variance");
    }
  }
  EXPECT_EQ(norms, 21);
}

}  // namespace
}  // namespace espalier
