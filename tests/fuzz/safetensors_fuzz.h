// Properties of the safetensors reader that hold for any bytes; a CHECK fails where one does not.
#ifndef ESPALIER_TESTS_FUZZ_SAFETENSORS_FUZZ_H_
#define ESPALIER_TESTS_FUZZ_SAFETENSORS_FUZZ_H_

#include <string>

namespace espalier {

// A file that is taken has tensors of different names that tile its data; those of a type that a Tensor has are read,
// and written again they read back the same, metadata too. One that is refused is DataLoss that names the file and says
// why. Returns whether the bytes were taken.
bool CheckSafetensors(const std::string& bytes);

}  // namespace espalier

#endif  // ESPALIER_TESTS_FUZZ_SAFETENSORS_FUZZ_H_
