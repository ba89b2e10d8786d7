#include "hw/tpu/activation.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/kernels/parallel.h"
#include "glog/logging.h"

namespace espalier::tpu {
namespace {

double Apply(Nonlinearity nonlinearity, double x) {
  return nonlinearity == Nonlinearity::kSigmoid ? 1 / (1 + std::exp(-x)) : std::tanh(x);
}

}  // namespace

ValueRange RangeOf(ActivationType type) {
  switch (type) {
    case ActivationType::kSigned8:
      return {-128, 127};
    case ActivationType::kUnsigned8:
      return {0, 255};
    default:
      return {-32768, 32767};
  }
}

ActivationType TypeFor(int32_t least, int32_t greatest) {
  for (const ActivationType type : {ActivationType::kSigned8, ActivationType::kUnsigned8, ActivationType::kSigned16}) {
    const ValueRange range = RangeOf(type);
    if (least >= range.least && greatest <= range.greatest) return type;
  }
  LOG(FATAL) << "activations from " << least << " to " << greatest << " do not fit 16 bits";
}

int32_t ActivateValue(const ActivationSetting& setting, int64_t column, int64_t sum) {
  if (!setting.bias.empty()) sum += setting.bias[column];
  const int32_t value = RequantizeSum(setting.requantization, column, sum);
  if (setting.nonlinearity == Nonlinearity::kNone) return value;
  const ValueRange range = RangeOf(setting.type);
  const double result = Apply(setting.nonlinearity, std::ldexp(value, -setting.input_fraction));
  return static_cast<int32_t>(
      std::clamp<double>(std::floor(std::ldexp(result, setting.output_fraction) + 0.5), range.least, range.greatest));
}

int32_t LoadActivation(const uint8_t* vector, ActivationType type, int64_t array_size, int64_t column) {
  switch (type) {
    case ActivationType::kSigned8:
      return static_cast<int8_t>(vector[column]);
    case ActivationType::kUnsigned8:
      return vector[column];
    default:
      return static_cast<int16_t>(vector[column] | vector[array_size + column] << 8);
  }
}

void StoreActivation(int32_t value, uint8_t* vector, ActivationType type, int64_t array_size, int64_t column) {
  vector[column] = static_cast<uint8_t>(value);
  if (type == ActivationType::kSigned16) vector[array_size + column] = static_cast<uint8_t>(value >> 8);
}

void PackActivations(const ActivationBlock& block, int64_t array_size, const int16_t* values, uint8_t* rows) {
  const int64_t vector_bytes = Planes(block.type) * array_size;
  ParallelRanges(block.vectors, 1, kSerialElements / array_size, [&](int64_t begin, int64_t end) {
    for (int64_t first = 0; first < block.columns; first += array_size) {
      const int64_t columns = std::min(array_size, block.columns - first);
      uint8_t* vector = rows + (first / array_size * block.vectors + begin) * vector_bytes;
      for (int64_t v = begin; v < end; ++v, vector += vector_bytes) {
        std::memset(vector, 0, vector_bytes);
        const int16_t* from = values + v * block.columns + first;
        for (int64_t column = 0; column < columns; ++column) {
          StoreActivation(from[column], vector, block.type, array_size, column);
        }
      }
    }
  });
}

void UnpackActivations(const ActivationBlock& block, int64_t array_size, const uint8_t* rows, int16_t* values) {
  const int64_t vector_bytes = Planes(block.type) * array_size;
  ParallelRanges(block.vectors, 1, kSerialElements / array_size, [&](int64_t begin, int64_t end) {
    for (int64_t first = 0; first < block.columns; first += array_size) {
      const int64_t columns = std::min(array_size, block.columns - first);
      const uint8_t* vector = rows + (first / array_size * block.vectors + begin) * vector_bytes;
      for (int64_t v = begin; v < end; ++v, vector += vector_bytes) {
        int16_t* to = values + v * block.columns + first;
        for (int64_t column = 0; column < columns; ++column) {
          to[column] = static_cast<int16_t>(LoadActivation(vector, block.type, array_size, column));
        }
      }
    }
  });
}

PoolWindow PoolWindowOf(const Pool& pool, int64_t row) {
  const int64_t outputs = int64_t{pool.OutHeight()} * pool.OutWidth();
  const int y = static_cast<int>(row % outputs / pool.OutWidth()) * pool.stride - pool.pad;
  const int x = static_cast<int>(row % pool.OutWidth()) * pool.stride - pool.pad;
  return {row / outputs * pool.height * pool.width, std::max(y, 0), std::min(y + pool.kernel, pool.height),
          std::max(x, 0), std::min(x + pool.kernel, pool.width)};
}

}  // namespace espalier::tpu
