#include "hw/eie/energy.h"

#include <cmath>

#include "hw/eie/non_zero_tree.h"

namespace espalier {
namespace {

// Table II of the paper: one processing element, 45 nm, at 800 MHz.
constexpr double kPublishedMhz = 800;
constexpr double kElementMw = 9.157;
constexpr double kClockMw = 1.874;
constexpr double kQueueMw = 0.112, kPointerMw = 1.807, kMatrixMw = 4.955, kArithmeticMw = 1.162, kActivationMw = 1.122;
constexpr double kQueueUm2 = 758, kPointerUm2 = 121849, kMatrixUm2 = 469412, kArithmeticUm2 = 3110;
constexpr double kActivationUm2 = 18934, kFillerUm2 = 23961;
// The paper's text: one node of leading non-zero detection; how often both SRAMs are read.
constexpr double kNodeMw = 0.023, kNodeUm2 = 189;
constexpr double kCyclesPerColumn = 8;

// M. Horowitz, "Computing's energy problem", ISSCC 2014, 45 nm: 64 bits read from an SRAM of 8 KB; 32 bits from DRAM.
constexpr double kSmallSramPj = 10;
constexpr double kDramPjPerByte = 640.0 / 4;

// Of the energy of a 64-bit line, the part that does not depend on the width. The paper shows its curve without figures
// and states that 64 bits take the least in all on AlexNet: its three layers together do with 0.28 to 0.43.
constexpr double kFixedShare = 0.35;

// The clock network takes its power in every cycle; the rest of a module's power is its events'.
constexpr double kEventShare = 1 - kClockMw / kElementMw;

constexpr double PjPerCycle(double mw) { return mw * 1e3 / kPublishedMhz; }
constexpr double PjPerEvent(double mw, double cycles_per_event) {
  return PjPerCycle(mw) * kEventShare * cycles_per_event;
}

// An SRAM of four times the size takes twice the energy a read: Horowitz has 10 pJ at 8 KB, 20 at 32 KB, 100 at 1 MB.
double SizeFactor(int64_t bytes, int64_t published) {
  return std::sqrt(static_cast<double>(bytes) / static_cast<double>(published));
}

double Ratio(int64_t value, int64_t published) { return static_cast<double>(value) / static_cast<double>(published); }

double PointerColumnPj(const EieConfig& config) {
  return PjPerEvent(kPointerMw, kCyclesPerColumn) *
         SizeFactor(config.pointer_sram_bytes, EieConfig().pointer_sram_bytes);
}

double NodeCount(const EieConfig& config) { return static_cast<double>(NonZeroTreeNodes(config.processing_elements)); }

}  // namespace

double EieMatrixReadEnergy(const EieConfig& config) {
  const EieConfig published;
  const double width = Ratio(config.matrix_sram_width, published.matrix_sram_width);
  return PjPerEvent(kMatrixMw, kCyclesPerColumn) * SizeFactor(config.matrix_sram_bytes, published.matrix_sram_bytes) *
         (kFixedShare + (1 - kFixedShare) * width);
}

EieEnergy ComputeEieEnergy(const EieConfig& config, const EieCounters& counters, int64_t dram_bytes) {
  const auto count = [](int64_t events) { return static_cast<double>(events); };
  EieEnergy energy;
  energy.queues = count(counters.queue_pushes) * PjPerEvent(kQueueMw, kCyclesPerColumn);
  energy.pointers = count(counters.pointer_reads) / 2 * PointerColumnPj(config);
  energy.matrix = count(counters.matrix_reads) * EieMatrixReadEnergy(config);
  energy.arithmetic = count(counters.real_macs + counters.padding_macs) * PjPerEvent(kArithmeticMw, 1);
  const double sram_words = count(counters.activation_reads + counters.activation_writes);
  energy.activations = count(counters.real_macs) * PjPerEvent(kActivationMw, 1) + sram_words * kSmallSramPj;
  energy.non_zero_tree = count(counters.cycles) * NodeCount(config) * PjPerCycle(kNodeMw);
  energy.clock = count(counters.cycles) * config.processing_elements * PjPerCycle(kClockMw);
  energy.dram = count(dram_bytes) * kDramPjPerByte;
  return energy;
}

EieArea ComputeEieArea(const EieConfig& config) {
  const EieConfig published;
  const double elements = config.processing_elements;
  const auto register_bytes = [](const EieConfig& c) { return int64_t{2} * 2 * c.activation_registers; };
  EieArea area;
  area.queues = elements * kQueueUm2 * Ratio(config.queue_depth, published.queue_depth);
  area.pointers = elements * kPointerUm2 * Ratio(config.pointer_sram_bytes, published.pointer_sram_bytes);
  area.matrix = elements * kMatrixUm2 * Ratio(config.matrix_sram_bytes, published.matrix_sram_bytes);
  area.arithmetic = elements * kArithmeticUm2;
  area.activations = elements * kActivationUm2 *
                     Ratio(config.activation_sram_bytes + register_bytes(config),
                           published.activation_sram_bytes + register_bytes(published));
  const double modules = kQueueUm2 + kPointerUm2 + kMatrixUm2 + kArithmeticUm2 + kActivationUm2;
  area.filler = kFillerUm2 / modules * (area.queues + area.pointers + area.matrix + area.arithmetic + area.activations);
  area.non_zero_tree = NodeCount(config) * kNodeUm2;
  return area;
}

EieFigures ComputeEieFigures(const EieConfig& config, const EieCounters& counters, double dense_macs,
                             int64_t dram_bytes) {
  const EieEnergy energy = ComputeEieEnergy(config, counters, dram_bytes);
  EieFigures figures;
  figures.us = static_cast<double>(counters.cycles) / config.clock_mhz;
  figures.energy_nj = energy.chip() / 1e3;
  figures.dram_nj = energy.dram / 1e3;
  if (figures.us > 0) {
    figures.power_mw = figures.energy_nj / figures.us;  // nJ / us is mW
    figures.gops = 2 * static_cast<double>(counters.real_macs) / figures.us / 1e3;
    figures.dense_gops = 2 * dense_macs / figures.us / 1e3;
  }
  return figures;
}

std::vector<EieConstant> EieConstants(const EieConfig& config) {
  const std::string table = "EIE, ISCA 2016, Table II";
  const std::string per_column = table + ", less the clock's 20.46%, at a column every 8 cycles";
  const std::string per_entry = table + ", less the clock's 20.46%, at an entry every cycle";
  const std::string scaled = "; in proportion to the size";
  return {
      {"queue: an activation in and out", PjPerEvent(kQueueMw, kCyclesPerColumn), "pJ", per_column},
      {"pointers: both of a column", PointerColumnPj(config), "pJ", per_column + "; by the root of the SRAM's size"},
      {"matrix: a line", EieMatrixReadEnergy(config), "pJ",
       per_column +
           "; by the root of the SRAM's size; width: 35% fixed, with which 64 bits take the least for AlexNet"},
      {"arithmetic: an entry", PjPerEvent(kArithmeticMw, 1), "pJ", per_entry},
      {"accumulator: read and written", PjPerEvent(kActivationMw, 1), "pJ", per_entry},
      {"activation SRAM: a word", kSmallSramPj, "pJ", "Horowitz, ISSCC 2014: 64 bits of 8 KB"},
      {"clock: an element's cycle", PjPerCycle(kClockMw), "pJ", table},
      {"non-zero tree: a node's cycle", PjPerCycle(kNodeMw), "pJ", "EIE, ISCA 2016, text: 0.023 mW"},
      {"DRAM: a byte", kDramPjPerByte, "pJ", "Horowitz, ISSCC 2014: 640 pJ for 32 bits"},
      {"queue", kQueueUm2 * Ratio(config.queue_depth, EieConfig().queue_depth), "um2", table + scaled},
      {"pointer SRAM and reader", ComputeEieArea(config).pointers / config.processing_elements, "um2", table + scaled},
      {"matrix SRAM and reader", ComputeEieArea(config).matrix / config.processing_elements, "um2", table + scaled},
      {"arithmetic unit", kArithmeticUm2, "um2", table},
      {"activations", ComputeEieArea(config).activations / config.processing_elements, "um2", table + scaled},
      {"filler", ComputeEieArea(config).filler / config.processing_elements, "um2", table + scaled},
      {"node of the non-zero tree", kNodeUm2, "um2", "EIE, ISCA 2016, text"},
  };
}

}  // namespace espalier
