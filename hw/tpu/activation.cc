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

void LoadVector(const uint8_t* vector, ActivationType type, int64_t array_size, int64_t columns, int16_t* values) {
  switch (type) {
    case ActivationType::kSigned8:
      for (int64_t c = 0; c < columns; ++c) values[c] = static_cast<int8_t>(vector[c]);
      break;
    case ActivationType::kUnsigned8:
      for (int64_t c = 0; c < columns; ++c) values[c] = vector[c];
      break;
    case ActivationType::kSigned16:
      for (int64_t c = 0; c < columns; ++c) values[c] = static_cast<int16_t>(vector[c] | vector[array_size + c] << 8);
      break;
  }
}

void StoreVector(const int16_t* values, int64_t columns, uint8_t* vector, ActivationType type, int64_t array_size) {
  for (int64_t plane = 0; plane < Planes(type); ++plane, vector += array_size) {
    for (int64_t c = 0; c < columns; ++c) vector[c] = static_cast<uint8_t>(values[c] >> (8 * plane));
    std::memset(vector + columns, 0, array_size - columns);
  }
}

void ActivateSums(const ActivationSetting& setting, const int32_t* sums, int16_t* values) {
  const Requantization& requantization = setting.requantization;
  const bool plain = setting.nonlinearity == Nonlinearity::kNone && !setting.bias.empty();
  if (!plain || requantization.multiplier.size() != requantization.shift.size()) {
    for (int64_t c = 0; c < setting.columns; ++c) {
      values[c] = static_cast<int16_t>(ActivateValue(setting, c, sums[c]));
    }
    return;
  }
  const int64_t step = requantization.multiplier.size() > 1 ? 1 : 0;
  const int32_t* multiplier = requantization.multiplier.data();
  const int* shift = requantization.shift.data();
  for (int64_t c = 0; c < setting.columns; ++c, multiplier += step, shift += step) {
    values[c] =
        RequantizeSum(sums[c] + setting.bias[c], *multiplier, *shift, requantization.minimum, requantization.maximum);
  }
}

void PackActivations(const ActivationBlock& block, int64_t array_size, const int16_t* values, uint8_t* rows) {
  const int64_t vector_bytes = Planes(block.type) * array_size;
  ParallelRanges(block.vectors, 1, kSerialElements / block.columns + 1, [&](int64_t begin, int64_t end) {
    for (int64_t first = 0; first < block.columns; first += array_size) {
      const int64_t columns = std::min(array_size, block.columns - first);
      uint8_t* vector = rows + (first / array_size * block.vectors + begin) * vector_bytes;
      for (int64_t v = begin; v < end; ++v, vector += vector_bytes) {
        StoreVector(values + v * block.columns + first, columns, vector, block.type, array_size);
      }
    }
  });
}

void UnpackActivations(const ActivationBlock& block, int64_t array_size, const uint8_t* rows, int16_t* values) {
  const int64_t vector_bytes = Planes(block.type) * array_size;
  ParallelRanges(block.vectors, 1, kSerialElements / block.columns + 1, [&](int64_t begin, int64_t end) {
    for (int64_t first = 0; first < block.columns; first += array_size) {
      const int64_t columns = std::min(array_size, block.columns - first);
      const uint8_t* vector = rows + (first / array_size * block.vectors + begin) * vector_bytes;
      for (int64_t v = begin; v < end; ++v, vector += vector_bytes) {
        LoadVector(vector, block.type, array_size, columns, values + v * block.columns + first);
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
