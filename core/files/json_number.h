// Numbers in JSON text that read back to the same bits. JSON has no literals for non-finite ones; they are the strings
// "NaN", "Infinity" and "-Infinity".
#ifndef ESPALIER_CORE_FILES_JSON_NUMBER_H_
#define ESPALIER_CORE_FILES_JSON_NUMBER_H_

#include <cstdint>
#include <string>

#include "core/files/json_scanner.h"
#include "core/status.h"

namespace espalier {

// The shortest text that reads back to the same bits.
void AppendJsonNumber(float value, std::string* json);
void AppendJsonNumber(double value, std::string* json);

// Take one value each. An error if it is no number of the type, or none of its range.
absl::Status ReadJsonNumber(JsonScanner& scanner, int64_t* number);
absl::Status ReadJsonNumber(JsonScanner& scanner, float* number);
absl::Status ReadJsonNumber(JsonScanner& scanner, double* number);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_JSON_NUMBER_H_
