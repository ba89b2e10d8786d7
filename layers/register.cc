#include "layers/register.h"

#include "layers/activation/dropout.h"
#include "layers/activation/leaky_relu.h"
#include "layers/activation/relu.h"
#include "layers/activation/sigmoid.h"
#include "layers/activation/softmax.h"
#include "layers/activation/tanh.h"
#include "layers/dense/conv.h"
#include "layers/dense/dense.h"
#include "layers/norm/batch_norm.h"
#include "layers/norm/lrn.h"
#include "layers/pool/global_average_pool.h"
#include "layers/pool/pool.h"
#include "layers/structure/add.h"
#include "layers/structure/concat.h"
#include "layers/structure/flatten.h"
#include "layers/structure/multiply.h"
#include "layers/structure/reshape.h"
#include "layers/structure/slice.h"
#include "layers/structure/transpose.h"

namespace espalier {
namespace {

// Hands a maker its own message.
template <auto kMessage, auto kMake>
absl::StatusOr<ValueId> Make(const Layer& layer, LayerContext& context) {
  return kMake((layer.*kMessage)(), context);
}

struct Entry {
  Layer::KindCase kind;
  LayerMaker maker;
};

constexpr Entry kLayers[] = {
    {Layer::kConv, Make<&Layer::conv, MakeConv>},
    {Layer::kDense, Make<&Layer::dense, MakeDense>},

    {Layer::kRelu, Make<&Layer::relu, MakeRelu>},
    {Layer::kLeakyRelu, Make<&Layer::leaky_relu, MakeLeakyRelu>},
    {Layer::kSigmoid, Make<&Layer::sigmoid, MakeSigmoid>},
    {Layer::kTanh, Make<&Layer::tanh, MakeTanh>},
    {Layer::kSoftmax, Make<&Layer::softmax, MakeSoftmax>},
    {Layer::kDropout, Make<&Layer::dropout, MakeDropout>},

    {Layer::kBatchNorm, Make<&Layer::batch_norm, MakeBatchNorm>},
    {Layer::kLrn, Make<&Layer::lrn, MakeLrn>},

    {Layer::kPool, Make<&Layer::pool, MakePool>},
    {Layer::kGlobalAveragePool, Make<&Layer::global_average_pool, MakeGlobalAveragePool>},

    {Layer::kAdd, Make<&Layer::add, MakeAdd>},
    {Layer::kMultiply, Make<&Layer::multiply, MakeMultiply>},
    {Layer::kConcat, Make<&Layer::concat, MakeConcat>},
    {Layer::kFlatten, Make<&Layer::flatten, MakeFlatten>},
    {Layer::kReshape, Make<&Layer::reshape, MakeReshape>},
    {Layer::kTranspose, Make<&Layer::transpose, MakeTranspose>},
    {Layer::kSlice, Make<&Layer::slice, MakeSlice>},
};

}  // namespace

LayerMaker FindLayerMaker(Layer::KindCase kind) {
  for (const Entry& entry : kLayers) {
    if (entry.kind == kind) return entry.maker;
  }
  return nullptr;
}

}  // namespace espalier
