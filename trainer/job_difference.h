// A job as text, and the fields in which two jobs differ: what a resumed run tells of the changes since its checkpoint,
// and ranks of each other.
#ifndef ESPALIER_TRAINER_JOB_DIFFERENCE_H_
#define ESPALIER_TRAINER_JOB_DIFFERENCE_H_

#include <string>
#include <vector>

#include "proto/job.pb.h"

namespace espalier {

// A job in text form, on many lines.
std::string JobText(const Job& job);

// One line for each field, "phase[0].epochs: 10, was 5", "precision: {compute: BF16}, was not set", in the order of the
// schema. A field that is left out equals one with the default value.
std::vector<std::string> DifferencesOf(const Job& job, const Job& before);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_JOB_DIFFERENCE_H_
