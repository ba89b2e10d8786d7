#include "layers/structure/reshape.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

// The batch and `dims`, with -1 replaced by what remains.
absl::StatusOr<Shape> NewShape(const Reshape& reshape, LayerContext& context) {
  const Shape& old_shape = context.input_shape();
  const int64_t sample = old_shape.Product(1, old_shape.rank());
  std::vector<int64_t> dims = {old_shape[0]};
  int64_t known = 1;
  int free_axis = -1;
  for (int dim : reshape.dims()) {
    if (dim == -1) {
      free_axis = static_cast<int>(dims.size());
    } else {
      known = dim > sample / known ? sample + 1 : known * dim;  // any number above `sample` is equally wrong
    }
    dims.push_back(dim);
  }
  if (reshape.dims_size() >= Shape::kMaxRank) {
    context.Complain("dims",
                     absl::StrCat("expected 1 to ", Shape::kMaxRank - 1, " dimensions, found ", reshape.dims_size()));
  }
  RETURN_IF_ERROR(context.Check());
  if (free_axis < 0 ? known != sample : sample % known != 0) {
    context.Complain("dims", absl::StrCat("expected the ", sample, " elements of a sample of ", old_shape.ToString(),
                                          ", found [", absl::StrJoin(reshape.dims(), ", "), "]"));
    return context.Check();
  }
  if (free_axis >= 0) dims[free_axis] = sample / known;
  return Shape(dims);
}

}  // namespace

absl::StatusOr<ValueId> MakeReshape(const Reshape& reshape, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  ASSIGN_OR_RETURN(const Shape shape, NewShape(reshape, context));
  return context.Emit1(std::make_shared<ReshapeOp>(shape), {context.input()});
}

}  // namespace espalier
