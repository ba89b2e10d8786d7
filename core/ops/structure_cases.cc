#include "core/ops/op_cases.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

OpCase Reduce(std::string name, Reduction reduction, std::vector<int> axes, Shape x) {
  return {"reduce/" + std::move(name), std::make_shared<ReduceOp>(reduction, std::move(axes)), {Data(x)}};
}

OpCase Transpose(std::string name, std::vector<int> order, Shape x) {
  return {"transpose/" + std::move(name), std::make_shared<TransposeOp>(std::move(order)), {Data(x)}};
}

}  // namespace

std::vector<OpCase> StructureCases() {
  return {
      {"concat/channels", std::make_shared<ConcatOp>(1), {Data({2, 16, 3, 3}), Data({2, 8, 3, 3}), Data({2, 3, 3, 3})}},
      {"concat/rows", std::make_shared<ConcatOp>(0), {Data({2, 5}), Data({3, 5})}},
      {"concat/one", std::make_shared<ConcatOp>(1), {Data({2, 5})}},
      {"slice/channels", std::make_shared<SliceOp>(1, 16, 16), {Data({2, 48, 3, 3})}},
      {"slice/odd", std::make_shared<SliceOp>(1, 3, 2), {Data({2, 7, 3})}},
      {"slice/rows", std::make_shared<SliceOp>(0, 1, 2), {Data({4, 5})}},
      {"reshape/flatten", std::make_shared<ReshapeOp>(Shape{2, 144}), {Data({2, 16, 3, 3})}},
      {"reshape/to_scalar", std::make_shared<ReshapeOp>(Shape{}), {Data({1, 1})}},
      Transpose("matrix", {1, 0}, {5, 7}),
      Transpose("channels_last", {0, 2, 3, 1}, {2, 16, 3, 5}),
      Transpose("three", {2, 0, 1}, {3, 4, 5}),
      Reduce("sum_all", Reduction::kSum, {0, 1, 2, 3}, {2, 16, 3, 3}),
      Reduce("mean_all", Reduction::kMean, {0, 1}, {4, 6}),
      Reduce("mean_pixels", Reduction::kMean, {2, 3}, {2, 16, 3, 3}),
      Reduce("sum_rows", Reduction::kSum, {0}, {4, 6}),
      Reduce("sum_outer_and_inner", Reduction::kSum, {0, 2}, {3, 4, 5}),
      Reduce("nothing", Reduction::kSum, {}, {3, 4}),
      {"broadcast/sum_pixels",
       std::make_shared<BroadcastOp>(Reduction::kSum, std::vector<int>{2, 3}, Shape{2, 16, 3, 3}),
       {Data({2, 16})}},
      {"broadcast/mean_rows",
       std::make_shared<BroadcastOp>(Reduction::kMean, std::vector<int>{0}, Shape{4, 6}),
       {Data({6})}},
      {"gather/codebook", std::make_shared<GatherOp>(), {Data({16}), Integers({10, 12}, 0, 16)}},
      {"gather/rows", std::make_shared<GatherOp>(), {Data({5, 3, 2}), Integers({7}, 0, 5)}},
      Large({"concat/large", std::make_shared<ConcatOp>(1), {Data({32, 64, 28, 28}), Data({32, 128, 28, 28})}}),
      Large({"gather/large_codebook", std::make_shared<GatherOp>(), {Data({16}), Integers({4096, 1024}, 0, 16)}}),
  };
}

}  // namespace espalier
