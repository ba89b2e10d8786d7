#include "proto/source_map.h"

#include <gtest/gtest.h>

namespace espalier {
namespace {

class SourceMapTest : public testing::Test {
 protected:
  void Note(const std::string& path, int line) { map_.Mutable(path)->location = {file_, line, 1}; }

  const std::shared_ptr<const std::string> file_ = std::make_shared<std::string>("job.pbtxt");
  SourceMap map_;
};

TEST_F(SourceMapTest, CitesTheFieldOrItsNearestAncestor) {
  Note("", 1);
  Note("model", 2);
  Note("model.layer[1]", 3);
  Note("model.layer[1].conv.kernel", 4);
  EXPECT_EQ(map_.Cite("model.layer[1].conv.kernel"), "job.pbtxt:4:1");
  EXPECT_EQ(map_.Cite("model.layer[1].conv"), "job.pbtxt:3:1");
  EXPECT_EQ(map_.Cite("model.layer[1].conv.channels"), "job.pbtxt:3:1");
  EXPECT_EQ(map_.Cite("model.layer[7].relu"), "job.pbtxt:2:1");
  EXPECT_EQ(map_.Cite("data"), "job.pbtxt:1:1");
  EXPECT_EQ(map_.Cite(""), "job.pbtxt:1:1");
  EXPECT_TRUE(map_.Contains("model.layer[1]"));
  EXPECT_FALSE(map_.Contains("model.layer[1].conv"));
  EXPECT_FALSE(map_.Contains("data.train"));
  EXPECT_EQ(SourceMap().Cite("model"), "");
}

TEST_F(SourceMapTest, AnElementWithoutPlaceStandsWithItsField) {
  Note("", 1);
  Note("input.dims", 5);
  EXPECT_EQ(map_.Cite("input.dims[2]"), "job.pbtxt:5:1");
}

TEST_F(SourceMapTest, ErasesAndTakesParts) {
  Note("", 1);
  Note("model", 2);
  Note("model.layer[0]", 3);
  Note("model.layer[1]", 4);
  Note("model.layers", 5);
  const SourceMap model = map_.Under("model");
  EXPECT_EQ(model.Cite("layer[1]"), "job.pbtxt:4:1");
  EXPECT_EQ(map_.Under("data.train").Cite("mnist"), "job.pbtxt:1:1");

  map_.Erase("model.layer[1]");
  EXPECT_TRUE(map_.Contains("model.layer[0]"));
  EXPECT_FALSE(map_.Contains("model.layer[1]"));
  map_.Erase("model.layer");
  EXPECT_FALSE(map_.Contains("model.layer[0]"));
  EXPECT_TRUE(map_.Contains("model.layers"));
  map_.Erase("absent.field");
  EXPECT_FALSE(map_.Contains("absent"));
  EXPECT_EQ(model.Cite("layer[1]"), "job.pbtxt:4:1");  // a copy
}

}  // namespace
}  // namespace espalier
