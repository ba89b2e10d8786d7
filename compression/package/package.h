// A compressed network in memory: what a file `model.esp` holds (compression/package/package_file.h), decoded.
#ifndef ESPALIER_COMPRESSION_PACKAGE_PACKAGE_H_
#define ESPALIER_COMPRESSION_PACKAGE_PACKAGE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/dtype.h"
#include "core/shape.h"
#include "proto/package.pb.h"

namespace espalier {

// Weights that share values: the trained quantization of Deep Compression (Han et al. 2016). Element i of the tensor is
// codebook[codes[i]]. codebook[0] is 0, and no other entry is: code 0 marks the weights that are pruned.
struct SharedValues {
  std::vector<float> codebook;  // 1 to 256 entries
  std::vector<uint8_t> codes;   // one for each element, row-major
};

// Numbers in fixed point: element i is values[i] * scale of its channel.
struct IntegerValues {
  int bits = 8;               // 8 or 16, two's complement
  std::vector<float> scales;  // one, or one for each index of the first dimension
  std::vector<int16_t> values;
};

// Numbers as they are. F16 and BF16 say how they are stored; `values` are what comes back from there.
struct FloatValues {
  DType dtype = DType::kF32;
  std::vector<float> values;
};

// The same number everywhere.
struct ConstantValue {
  float value = 0;
};

// A parameter or a state (a running statistic) of the network.
struct PackedTensor {
  std::string name;  // as in the graph: "conv1/weight"
  Shape shape;
  std::variant<FloatValues, SharedValues, IntegerValues, ConstantValue> values;
  bool is_state = false;
};

struct Package {
  // The network, how its pictures are prepared, what was measured of it.
  PackageInfo info;
  // All parameters and states of the model's evaluation graph, in its order: parameters first.
  std::vector<PackedTensor> tensors;
};

// The numbers that the network computes with: shape.elements() floats.
void EffectiveValues(const PackedTensor& tensor, float* out);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_PACKAGE_H_
