// For tests: random small networks and configurations, and what the networks compute, in plain loops.
#ifndef ESPALIER_HW_TPU_NETWORK_TESTING_H_
#define ESPALIER_HW_TPU_NETWORK_TESTING_H_

#include <deque>
#include <vector>

#include "core/random.h"
#include "hw/tpu/network.h"

namespace espalier::tpu {

struct NetworkCase {
  Config config;
  Network network;
  std::deque<IntegerMatrix> matrices;         // of its layers
  std::vector<std::vector<int16_t>> inputs;   // [repetition][batch, height, width, columns]
  std::vector<std::vector<int16_t>> outputs;  // as `inputs`
};

// With all that networks may have: convolutions, pools, several sources, recurrences, element-wise layers,
// nonlinearities, 8- and 16-bit weights and activations. The batch is at most `greatest_batch`.
void MakeRandomCase(uint64_t seed, int64_t greatest_batch, NetworkCase* result);

// A configuration with an array of at most `greatest_array` rows.
Config RandomConfig(int greatest_array, Random* random);

// A dense layer with its matrix and requantization, which saturates now and then.
void AddDenseLayer(int64_t outputs, int64_t inputs, bool wide_weights, Random* random, NetworkCase* result);

// Lets each matrix know what its layer's inputs lie between: all that their type holds.
void SetInputRanges(NetworkCase* result);

// The network's outputs for the case's inputs.
std::vector<std::vector<int16_t>> ReferenceOutputs(const Network& network,
                                                   const std::vector<std::vector<int16_t>>& inputs);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_NETWORK_TESTING_H_
