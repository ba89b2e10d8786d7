#include "hw/integer_builder.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hw/integer_units.h"
#include "hw/integer_weights.h"

namespace espalier {
namespace {

// Multipliers of this many bits beside their sign: 16-bit numbers in hardware.
constexpr int kMultiplierBits = 15;
// A row without weights gives its offset, which needs no precision of sums: offset * 2^14 / 2^14.
constexpr int kConstantShift = 14;

int BitWidth(int64_t value) {
  int bits = 0;
  for (; value > 0; value >>= 1) ++bits;
  return bits;
}

// What a row's sum of weights times inputs becomes, in real numbers: gain * sum + offset.
struct RowAffine {
  std::vector<double> gain, offset;
};

class Builder {
 public:
  Builder(const InferenceNetwork& network, absl::Span<const PackedTensor> tensors, const IntegerFormat& format)
      : network_(network), format_(format) {
    for (const PackedTensor& tensor : tensors) tensors_[tensor.name] = &tensor;
  }

  absl::StatusOr<IntegerNetwork> Run(absl::Span<const MagnitudeHistogram> histograms) {
    activations_ = ChooseActivations(network_, histograms, format_);
    const std::vector<ValueId> ids = network_.Activations();
    for (size_t i = 0; i < ids.size(); ++i) index_[ids[i]] = static_cast<int>(i);
    std::vector<IntegerLayer> layers;
    for (const InferenceLayer& layer : network_.layers) {
      ASSIGN_OR_RETURN(IntegerLayer built, Build(layer));
      layers.push_back(std::move(built));
    }
    return IntegerNetwork(format_, std::move(activations_), std::move(layers), index_.at(network_.output));
  }

 private:
  absl::StatusOr<IntegerLayer> Build(const InferenceLayer& layer) const {
    IntegerLayer built;
    built.kind = layer.kind;
    built.name = layer.name;
    for (ValueId input : layer.inputs) built.inputs.push_back(index_.at(input));
    built.input_shapes = layer.input_shapes;
    built.output = index_.at(layer.output);
    built.convolution = layer.convolution;
    built.pool = layer.pool;
    built.axis = layer.axis;
    const IntegerLimits& limits = activations_[built.output].limits;
    built.rescale.minimum = layer.relu ? std::max(limits.minimum, 0) : limits.minimum;
    built.rescale.maximum = limits.maximum;
    if (layer.weight != kNoValue) {
      RETURN_IF_ERROR(BuildMatrices(layer, &built));
    } else {
      RETURN_IF_ERROR(BuildRescale(&built));
    }
    return built;
  }

  double InputUnit(const IntegerLayer& layer, size_t input = 0) const { return activations_[layer.inputs[input]].unit; }

  absl::Status CheckFactor(const IntegerLayer& layer, double factor) const {
    if (std::fabs(factor) < std::exp2(kMultiplierBits)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("layer \"", layer.name,
                                                   "\": expected inputs and outputs of similar "
                                                   "magnitude, found that one unit of the input is ",
                                                   factor, " units of the output \"", activations_[layer.output].name,
                                                   "\""));
  }

  absl::Status BuildRescale(IntegerLayer* layer) const {
    std::vector<double> factors;
    const double output = activations_[layer->output].unit;
    if (layer->kind == InferenceKind::kMaxPool) return absl::OkStatus();  // has its input's unit
    if (layer->kind == InferenceKind::kAveragePool) {
      for (int64_t n = 1; n <= layer->pool.kernel_h * layer->pool.kernel_w; ++n) {
        factors.push_back(InputUnit(*layer) / output / static_cast<double>(n));
      }
    } else {
      for (size_t i = 0; i < layer->inputs.size(); ++i) factors.push_back(InputUnit(*layer, i) / output);
    }
    for (double factor : factors) RETURN_IF_ERROR(CheckFactor(*layer, factor));
    Requantization* rescale = &layer->rescale;
    if (layer->kind == InferenceKind::kAdd) {
      // The largest factor says the shift that all share.
      const double largest = *std::max_element(factors.begin(), factors.end());
      const int shift = std::clamp(kMultiplierBits - 1 - std::ilogb(largest), 0, 62);
      rescale->shift = {shift};
      for (double factor : factors) {
        rescale->multiplier.push_back(static_cast<int32_t>(std::lround(std::ldexp(factor, shift))));
      }
      return absl::OkStatus();
    }
    for (double factor : factors) {
      const FixedFactor fixed = ToFixedFactor(factor, kMultiplierBits);
      rescale->multiplier.push_back(fixed.multiplier);
      rescale->shift.push_back(fixed.shift);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<const PackedTensor*> Find(ValueId value) const {
    const std::string& name = network_.graph.value(value).name;
    const Shape& shape = network_.graph.type(value).shape;
    const auto it = tensors_.find(name);
    if (it == tensors_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", name, "\": expected ", shape.ToString(), ", found none"));
    }
    if (it->second->shape != shape) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", name, "\": expected ", shape.ToString(), ", found ", it->second->shape.ToString()));
    }
    return it->second;
  }

  // The values of a tensor of one number a channel; `otherwise` for all without such a tensor.
  absl::StatusOr<std::vector<float>> PerChannel(ValueId value, int64_t channels, float otherwise) const {
    std::vector<float> values(channels, otherwise);
    if (value == kNoValue) return values;
    ASSIGN_OR_RETURN(const PackedTensor* tensor, Find(value));
    EffectiveValues(*tensor, values.data());
    return values;
  }

  absl::StatusOr<RowAffine> AffineOf(const InferenceLayer& layer, int64_t rows) const {
    ASSIGN_OR_RETURN(const std::vector<float> bias, PerChannel(layer.bias, rows, 0));
    RowAffine affine = {std::vector<double>(rows, 1), std::vector<double>(bias.begin(), bias.end())};
    if (layer.scale == kNoValue) return affine;
    ASSIGN_OR_RETURN(const std::vector<float> scale, PerChannel(layer.scale, rows, 1));
    ASSIGN_OR_RETURN(const std::vector<float> shift, PerChannel(layer.shift, rows, 0));
    ASSIGN_OR_RETURN(const std::vector<float> mean, PerChannel(layer.mean, rows, 0));
    ASSIGN_OR_RETURN(const std::vector<float> variance, PerChannel(layer.variance, rows, 1));
    for (int64_t r = 0; r < rows; ++r) {
      affine.gain[r] = scale[r] / std::sqrt(double{variance[r]} + layer.epsilon);
      affine.offset[r] = affine.gain[r] * (double{bias[r]} - mean[r]) + shift[r];
    }
    return affine;
  }

  // The largest bias: half of what 32-bit accumulators hold, and for 16-bit numbers what leaves room for a multiplier.
  double LargestBias() const { return format_.bits == 8 ? 0x1p30 : 0x1p45; }

  absl::Status BuildMatrices(const InferenceLayer& layer, IntegerLayer* built) const {
    ASSIGN_OR_RETURN(const PackedTensor* tensor, Find(layer.weight));
    const int64_t rows = tensor->shape[0];
    if (layer.kind == InferenceKind::kConvolution) {
      built->kernel_h = tensor->shape[2];
      built->kernel_w = tensor->shape[3];
    }
    ASSIGN_OR_RETURN(const RowAffine affine, AffineOf(layer, rows));
    std::vector<double> least_units(rows);
    for (int64_t r = 0; r < rows; ++r) {
      if (!std::isfinite(affine.gain[r]) || !std::isfinite(affine.offset[r])) {
        return absl::InvalidArgumentError(absl::StrCat("layer \"", layer.name, "\": channel ", r,
                                                       ": expected finite numbers, found gain ", affine.gain[r],
                                                       " and offset ", affine.offset[r]));
      }
      least_units[r] = std::fabs(affine.offset[r]) / (std::fabs(affine.gain[r]) * InputUnit(*built) * LargestBias());
      if (affine.gain[r] == 0) least_units[r] = HUGE_VAL;
    }
    const IntegerWeights weights = ToIntegerWeights(*tensor, format_, least_units);
    const int64_t groups = layer.convolution.groups;
    for (int64_t group = 0; group < groups; ++group) {
      RETURN_IF_ERROR(BuildMatrix(layer, weights, affine, group, rows / groups, built));
    }
    return absl::OkStatus();
  }

  absl::Status BuildMatrix(const InferenceLayer& layer, const IntegerWeights& weights, const RowAffine& affine,
                           int64_t group, int64_t rows, IntegerLayer* built) const {
    IntegerMatrix matrix;
    matrix.name = layer.convolution.groups > 1 ? absl::StrCat(layer.name, "/group", group + 1) : layer.name;
    matrix.rows = rows;
    matrix.columns = static_cast<int64_t>(weights.values.size()) / (rows * layer.convolution.groups);
    const int64_t begin = group * rows * matrix.columns, end = begin + rows * matrix.columns;
    matrix.weights.assign(weights.values.begin() + begin, weights.values.begin() + end);
    const IntegerLimits& inputs = activations_[built->inputs[0]].limits;
    matrix.input_minimum = inputs.minimum;
    matrix.input_maximum = inputs.maximum;
    const double output_unit = activations_[built->output].unit;
    std::vector<double> factors(rows);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t channel = group * rows + r;
      const double offset = affine.offset[channel] / output_unit;
      factors[r] = affine.gain[channel] * weights.units[channel] * InputUnit(*built) / output_unit;
      if (weights.constant[channel]) {
        factors[r] = std::ldexp(1.0, -kConstantShift);
        matrix.bias.push_back(std::llround(std::ldexp(std::clamp(offset, -0x1p16, 0x1p16), kConstantShift)));
        continue;
      }
      RETURN_IF_ERROR(CheckFactor(*built, factors[r]));
      matrix.bias.push_back(std::llround(offset / factors[r]));
    }
    ASSIGN_OR_RETURN(Requantization requantization, MakeRequantization(matrix, factors, *built));
    built->matrices.push_back(std::move(matrix));
    built->requantizations.push_back(std::move(requantization));
    return absl::OkStatus();
  }

  absl::StatusOr<Requantization> MakeRequantization(const IntegerMatrix& matrix, const std::vector<double>& factors,
                                                    const IntegerLayer& layer) const {
    const int sum_bits = BitWidth(LargestSum(matrix));
    const int room = format_.bits == 8 ? 31 : 62 - kMultiplierBits;
    if (sum_bits > room) {
      return absl::InvalidArgumentError(absl::StrCat("layer \"", matrix.name, "\": expected sums of at most ", room,
                                                     " bits and a sign, found ", sum_bits, " bits for ", matrix.columns,
                                                     " inputs of ", format_.bits, " bits"));
    }
    Requantization requantization = layer.rescale;  // its limits
    for (double factor : factors) {
      const FixedFactor fixed = ToFixedFactor(factor, kMultiplierBits);
      requantization.multiplier.push_back(fixed.multiplier);
      requantization.shift.push_back(fixed.shift);
    }
    const auto shrink = [](auto* entries) {
      if (std::all_of(entries->begin(), entries->end(), [&](auto entry) { return entry == entries->front(); })) {
        entries->resize(1);
      }
    };
    shrink(&requantization.multiplier);
    shrink(&requantization.shift);
    return requantization;
  }

  const InferenceNetwork& network_;
  const IntegerFormat format_;
  std::map<std::string, const PackedTensor*> tensors_;
  std::vector<IntegerActivation> activations_;
  std::map<ValueId, int> index_;  // of activations
};

}  // namespace

absl::StatusOr<IntegerNetwork> BuildIntegerNetwork(const InferenceNetwork& network,
                                                   absl::Span<const PackedTensor> tensors,
                                                   absl::Span<const MagnitudeHistogram> activations,
                                                   const IntegerFormat& format) {
  CHECK_EQ(activations.size(), network.layers.size() + 1) << "one histogram for each activation";
  return Builder(network, tensors, format).Run(activations);
}

}  // namespace espalier
