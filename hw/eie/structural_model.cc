#include "hw/eie/structural_model.h"

#include <algorithm>

#include "hw/eie/activation_reader.h"
#include "hw/eie/arithmetic.h"
#include "hw/eie/processing_element.h"

namespace espalier {
namespace {

using Accumulators = std::vector<std::vector<int64_t>>;  // of each element, of each of its rows

Accumulators InitialAccumulators(const EieProgram& program, const EieRowBlock& block, const EieArithmetic& arithmetic) {
  Accumulators accumulators(program.config.processing_elements);
  for (int64_t row = block.first_row; row < block.first_row + block.rows; ++row) {
    accumulators[row % program.config.processing_elements].push_back(
        arithmetic.Saturate(arithmetic.Shift(program.matrix.bias[row])));
  }
  return accumulators;
}

// From the first activation until the last accumulator is written.
void RunTile(const EieProgram& program, const EieTile& tile, const EieArithmetic& arithmetic,
             const int16_t* activations, Accumulators* accumulators, EieCounters* counters) {
  EieActivationReader reader(program, tile, activations + tile.first_column);
  std::vector<EieProcessingElement> elements;
  for (size_t element = 0; element < tile.images.size(); ++element) {
    elements.emplace_back(program, tile.images[element], arithmetic, &(*accumulators)[element]);
  }
  const auto is_idle = [](const EieProcessingElement& element) { return element.idle(); };
  const auto is_full = [](const EieProcessingElement& element) { return element.queue_full(); };
  while (!reader.done() || !std::all_of(elements.begin(), elements.end(), is_idle)) {
    reader.Compute(std::any_of(elements.begin(), elements.end(), is_full));
    for (EieProcessingElement& element : elements) element.Compute();

    const EieBroadcast broadcast = reader.broadcast();
    reader.Commit();
    for (EieProcessingElement& element : elements) element.Commit(broadcast);
    ++counters->cycles;
  }
  *counters += reader.counters();
  for (const EieProcessingElement& element : elements) *counters += element.counters();
}

}  // namespace

EieResult RunEieModules(const EieProgram& program, const Requantization& requantization, const int16_t* activations) {
  const EieArithmetic arithmetic(program.config.accumulator_bits, ProductShift(program.config, requantization));
  const int64_t elements = program.config.processing_elements;
  EieResult result;
  for (const EieRowBlock& block : program.blocks) {
    Accumulators accumulators = InitialAccumulators(program, block, arithmetic);
    for (const EieTile& tile : block.tiles) {
      RunTile(program, tile, arithmetic, activations, &accumulators, &result.counters);
    }
    for (int64_t row = 0; row < block.rows; ++row) {
      result.outputs.push_back(
          arithmetic.Output(accumulators[row % elements][row / elements], requantization, block.first_row + row));
    }
    const int64_t write_back = program.WriteBackCycles(block);
    result.counters.cycles += write_back;
    result.counters.write_back_cycles += write_back;
    result.counters.activation_writes += write_back * elements;
  }
  return result;
}

}  // namespace espalier
