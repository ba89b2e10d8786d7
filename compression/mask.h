// Pruned weights: a bit per weight, 0 where it is masked. A masked weight is exactly +0, and so is its gradient.
//
// Under every update rule a weight of 0 whose gradient is 0 and whose slots have their first values keeps all of them:
// each rule moves by a multiple of gradient, momentum or weight. So a mask acts on gradients alone; after an update
// nothing is left to do.
#ifndef ESPALIER_COMPRESSION_MASK_H_
#define ESPALIER_COMPRESSION_MASK_H_

#include <cstdint>

#include "compression/weight_transform.h"

namespace espalier {

class Mask : public WeightTransform {
 public:
  static constexpr char kName[] = "mask";

  // Masks nothing yet.
  explicit Mask(int64_t elements);

  absl::string_view name() const override { return kName; }
  TransformPlace place() const override { return TransformPlace::kMask; }
  void TransformGradient(float* gradient) const override { Fill(gradient, 0); }
  void Project(float* weights) const override { Fill(weights, 0); }
  int64_t FindViolation(const float* weights) const override;
  void ResetSlot(float* slot, float initial) const override { Fill(slot, initial); }
  // "": the bits, as bytes; the least significant is the first.
  std::vector<NamedTensor> State() const override { return {{"", bits_}}; }

  int64_t elements() const { return elements_; }
  int64_t masked() const;
  bool IsMasked(int64_t position) const { return (bytes_[position / 8] >> (position % 8) & 1) == 0; }
  // Not for two positions of one byte at the same time.
  void Add(int64_t position) { bytes_[position / 8] &= static_cast<uint8_t>(~(1u << (position % 8))); }

  // Puts `value` at every masked position, over all threads where there is enough to do.
  void Fill(float* values, float value) const;

 private:
  const int64_t elements_;
  Tensor bits_;
  uint8_t* bytes_;  // of bits_
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_MASK_H_
