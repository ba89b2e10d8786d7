// An emulated accelerator as the tools see it: what it computes in, what runs matrices on it, what that took.
//
// A new one is a folder hw/<name> with a MatrixEngine, a Target, and a line in hw/targets.cc.
#ifndef ESPALIER_HW_TARGET_H_
#define ESPALIER_HW_TARGET_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "hw/integer_format.h"
#include "hw/integer_network.h"
#include "hw/matrix_engine.h"

namespace espalier {

// What a layer, or all of them, took on the chip.
struct TargetFigures {
  std::string layer;
  int64_t cycles = 0;
  double seconds = 0;
  double operations = 0;     // that were needed: two for each multiply-accumulate
  double utilization = 0;    // of the multipliers' cycles
  double energy_joules = 0;  // without what is loaded once, however many samples follow
};

struct TargetReport {
  std::string name;  // "cycles.csv"
  std::string csv;   // a header, a line for each layer, a line "total"
};

class Target {
 public:
  virtual ~Target() = default;

  virtual absl::string_view name() const = 0;  // "eie"
  virtual std::string title() const = 0;       // "EIE, 64 elements at 800 MHz"
  virtual IntegerFormat format() const = 0;
  // What `reference` computes: "plain integers" where the chip's sums are exact.
  virtual std::string arithmetic() const = 0;

  // Compiles every matrix of the network, which must outlive the target. InvalidArgument, naming the layer, if the chip
  // cannot run one.
  virtual absl::Status Load(const IntegerNetwork& network) = 0;
  // What a user should know of how the network came onto the chip; sentences without a full stop.
  virtual std::vector<std::string> Notes() const = 0;

  // After Load. The chip, which counts; and its arithmetic computed plainly, to which it must be equal bit for bit.
  virtual MatrixEngine& emulator() = 0;
  virtual MatrixEngine& reference() = 0;

  // Of all that the emulator has multiplied: by layer, then the total.
  virtual std::vector<TargetFigures> Figures() const = 0;
  // In more detail, as files: cycles.csv, traffic.csv, energy.csv and what else there is.
  virtual std::vector<TargetReport> Reports() const = 0;
};

}  // namespace espalier

#endif  // ESPALIER_HW_TARGET_H_
