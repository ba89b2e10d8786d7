// Weights that share values (trained quantization, Han et al. 2016): a code for each weight; weights of one code are
// equal, those of code 0 are zero.
//
// The codebook itself is nowhere but in the weights. The gradient of a shared value is the sum of its members'
// gradients; each member gets that sum, and since optimizers treat weights alike by value, gradient and slots, members
// stay equal through every update: each is updated as one parameter of its own would be.
#ifndef ESPALIER_COMPRESSION_CODEBOOK_H_
#define ESPALIER_COMPRESSION_CODEBOOK_H_

#include <cstdint>
#include <vector>

#include "compression/weight_transform.h"

namespace espalier {

class Codebook : public WeightTransform {
 public:
  static constexpr char kName[] = "codebook";
  static constexpr int kMaxEntries = 256;  // the zero included

  // All weights have code 0.
  explicit Codebook(int64_t elements);

  absl::string_view name() const override { return kName; }
  // The sums do not depend on the number of threads.
  void TransformGradient(float* gradient) const override;
  // Each weight becomes what the first of its code is.
  void Project(float* weights) const override;
  int64_t FindViolation(const float* weights) const override;
  // What an optimizer remembers of single weights says nothing of shared ones: all begin anew.
  void ResetSlot(float* slot, float initial) const override;
  // "": the codes.
  std::vector<NamedTensor> State() const override { return {{"", codes_}}; }

  int64_t elements() const { return codes_.shape().elements(); }
  const uint8_t* codes() const { return data_; }
  uint8_t* mutable_codes() { return data_; }
  // The value of each code, from the weights; 0 where no weight has the code.
  std::vector<float> Values(const float* weights) const;

 private:
  Tensor codes_;
  uint8_t* data_;  // of codes_
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_CODEBOOK_H_
