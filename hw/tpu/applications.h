// The six applications of Jouppi et al., ISCA 2017, as far as their published description fixes them, and what was
// measured of them.
//
// Table 1 gives kinds and numbers of layers, weights (rounded to millions), batch, and operations per weight byte,
// which for layers without windows is the batch, and for convolutions batch x output pixels. Which share of the weights
// that a tile holds is padding follows from Table 3 (row 3 / row 1). The shapes below are the simplest that agree with
// all of it; see each maker in applications.cc.
//
// Widths. Table 3 says of both LSTMs that the share of useful multiply-accumulates is twice what their operations per
// second need (LSTM0: 8.2 % of 92 are 7.5 TOPS, 3.7 were measured; LSTM1: 5.8 and 2.8). This is what 16-bit activations
// at half speed give, so the LSTMs have them here. All else is 8 bits.
//
// The host. Table 5 gives the share of its time in which the TPU exchanges data with the host; it exceeds what inputs
// and outputs need, so the rest travels as extra bytes, half of them each way. MLPs and CNNs have a batch's input read
// while the one before is computed (the paper: "hide the execution of the other instructions by overlapping them with
// MatrixMultiply"). The steps of an LSTM do not overlap with the host: what it sends depends on the last step's output.
#ifndef ESPALIER_HW_TPU_APPLICATIONS_H_
#define ESPALIER_HW_TPU_APPLICATIONS_H_

#include <string>
#include <vector>

#include "hw/tpu/counters.h"
#include "hw/tpu/network.h"

namespace espalier::tpu {

// Of Table 3, in percent of cycles, but for the last.
struct PublishedCounters {
  double array_active = 0, useful_macs = 0, unused_macs = 0, weight_stall = 0, weight_shift = 0, non_matrix = 0;
  double raw_stall = 0, input_stall = 0;
  double tera_operations_per_s = 0;
};

struct Application {
  std::string name;
  Network network;
  double million_weights = 0;   // Table 1
  double intensity = 0;         // Table 1: multiply-accumulates per weight byte
  double host_share = 0;        // Table 5
  double deployed = 0;          // Table 1: of all use; the paper gives pairs, which share it evenly here
  PublishedCounters published;  // Table 3
};

std::vector<Application> Applications();

// The program of one batch or step.
absl::StatusOr<Program> CompileApplication(const Config& config, const Application& application);

// Results: several batches or steps of an application.
struct ApplicationResult {
  Counters counters;
  double tera_operations_per_s = 0;
  double batches_per_s = 0;
  int64_t weights = 0;   // that are not padding
  double intensity = 0;  // multiply-accumulates per byte of them and batch
  double bound = 0;      // the roofline's at that intensity, in tera-operations per second
};

// What travels between the host and the TPU besides inputs and outputs.
enum class HostTraffic {
  kMeasured,  // as much as makes the host's share of the published TPU's time that of Table 5
  kOwn,       // nothing
};

// InvalidArgument where the configuration has no room for the application.
absl::StatusOr<ApplicationResult> RunApplication(const Config& config, const Application& application,
                                                 HostTraffic host = HostTraffic::kMeasured);

// The lesser of the peak and of weight bandwidth times intensity, in tera-operations per second.
double RooflineBound(const Config& config, double intensity);

// The counters as percentages.
PublishedCounters Percentages(const Config& config, const ApplicationResult& result);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_APPLICATIONS_H_
