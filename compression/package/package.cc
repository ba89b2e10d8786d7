#include "compression/package/package.h"

#include <algorithm>

#include "glog/logging.h"

namespace espalier {
namespace {

struct Effective {
  const Shape& shape;
  float* out;

  void operator()(const FloatValues& v) const {
    CHECK_EQ(static_cast<int64_t>(v.values.size()), shape.elements());
    std::copy(v.values.begin(), v.values.end(), out);
  }
  void operator()(const SharedValues& v) const {
    CHECK_EQ(static_cast<int64_t>(v.codes.size()), shape.elements());
    for (size_t i = 0; i < v.codes.size(); ++i) out[i] = v.codebook[v.codes[i]];
  }
  void operator()(const IntegerValues& v) const {
    CHECK_EQ(static_cast<int64_t>(v.values.size()), shape.elements());
    const size_t channel = v.values.size() / v.scales.size();
    for (size_t i = 0; i < v.values.size(); ++i) out[i] = static_cast<float>(v.values[i]) * v.scales[i / channel];
  }
  void operator()(const ConstantValue& v) const { std::fill_n(out, shape.elements(), v.value); }
};

}  // namespace

void EffectiveValues(const PackedTensor& tensor, float* out) {
  std::visit(Effective{tensor.shape, out}, tensor.values);
}

}  // namespace espalier
