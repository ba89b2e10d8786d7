// Small packages with every kind of tensor, for tests and for the fuzzer's corpus.
#ifndef ESPALIER_COMPRESSION_PACKAGE_TESTING_RANDOM_PACKAGE_H_
#define ESPALIER_COMPRESSION_PACKAGE_TESTING_RANDOM_PACKAGE_H_

#include <string>
#include <vector>

#include "compression/package/package.h"
#include "core/random.h"

namespace espalier {

// Codes of `elements` weights of which a share `density` is kept, with `codebook` values, zero included.
SharedValues RandomShared(int64_t elements, double density, int codebook, Random* random);

// The tensors of a network: each of a random kind, sparse and dense, small and large numbers.
std::vector<PackedTensor> RandomTensors(const Model& model, Random* random);

// A convolution, batch norm and a dense layer: 5 parameters, 2 states.
Model TinyModel();
Package RandomPackage(uint64_t seed);

// Shape by shape, the bits of all effective values.
std::vector<std::vector<uint32_t>> EffectiveBits(const Package& package);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_TESTING_RANDOM_PACKAGE_H_
