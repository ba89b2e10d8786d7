// Drops the learning rate when the training loss is flat, as dlib's trainer does (King, "Automatic learning rate
// scheduling that really works", dlib blog, 2018): a straight line is fitted to the latest losses and its slope is
// taken as normally distributed with the least-squares estimate's mean and standard error.
#ifndef ESPALIER_OPTIM_PLATEAU_H_
#define ESPALIER_OPTIM_PLATEAU_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "optim/schedule.h"
#include "proto/optimizer.pb.h"

namespace espalier {

// The probability that the noisy, equally spaced `values` (at least 3) lie on a falling line.
double ProbabilityOfDecrease(absl::Span<const double> values);

class Plateau : public LearningRateSchedule {
 public:
  explicit Plateau(const PlateauSchedule& config);

  // Loss by loss, once the window is full; a drop empties it. Losses that are not finite are left out.
  void Observe(double loss) override;
  // "drops=1 losses=0.5,0.25": digits enough to restore every bit.
  std::string SaveState() const override;
  absl::Status LoadState(absl::string_view state) override;

 protected:
  double RateAt(double progress, int64_t step) const override;

 private:
  const PlateauSchedule config_;
  int64_t drops_ = 0;
  std::vector<double> losses_;  // oldest first, at most window_steps
};

}  // namespace espalier

#endif  // ESPALIER_OPTIM_PLATEAU_H_
