// What an emulated EIE takes: energy, power and area, from the figures the paper publishes of its layout.
#ifndef ESPALIER_HW_EIE_ENERGY_H_
#define ESPALIER_HW_EIE_ENERGY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "hw/eie/config.h"
#include "hw/eie/counters.h"

namespace espalier {

struct EieConstant {
  std::string name;
  double value = 0;
  std::string unit, source;
};

// Energies of single events and areas of single parts of a chip, for reports: each with where it comes from.
std::vector<EieConstant> EieConstants(const EieConfig& config);

// Energy in pJ, by part.
struct EieEnergy {
  double queues = 0, pointers = 0, matrix = 0, arithmetic = 0, activations = 0, non_zero_tree = 0, clock = 0;
  double dram = 0;  // of loading what the memories do not hold for good; not the chip's

  double chip() const { return queues + pointers + matrix + arithmetic + activations + non_zero_tree + clock; }
};

// `dram_bytes`: read while these counters were counted.
EieEnergy ComputeEieEnergy(const EieConfig& config, const EieCounters& counters, int64_t dram_bytes);

// Of a read of a line of the matrix SRAM, in pJ.
double EieMatrixReadEnergy(const EieConfig& config);

// Area in um2, by part, of the whole chip.
struct EieArea {
  double queues = 0, pointers = 0, matrix = 0, arithmetic = 0, activations = 0, filler = 0, non_zero_tree = 0;

  double total() const { return queues + pointers + matrix + arithmetic + activations + filler + non_zero_tree; }
};

EieArea ComputeEieArea(const EieConfig& config);

// What people compare.
struct EieFigures {
  double us = 0;          // time
  double power_mw = 0;    // the chip's, on average
  double gops = 0;        // multiplications and additions of weights that are there
  double dense_gops = 0;  // of all weights and activations
  double energy_nj = 0;   // the chip's
  double dram_nj = 0;
};

// `dense_macs`: rows times columns of each vector's matrix.
EieFigures ComputeEieFigures(const EieConfig& config, const EieCounters& counters, double dense_macs,
                             int64_t dram_bytes);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_ENERGY_H_
