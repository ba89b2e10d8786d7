// A job that takes part of a second and yet has everything that a resume must restore.
#ifndef ESPALIER_TESTS_TESTING_TINY_JOB_H_
#define ESPALIER_TESTS_TESTING_TINY_JOB_H_

#include <map>
#include <string>

#include "core/files/file_system.h"
#include "trainer/prepared_job.h"

namespace espalier {

// The job's text: running statistics, dropout, augmentation; a plateau schedule under momentum, an early stop, another
// optimizer with an epoch cut short, and a last phase that continues with it. 20 steps in 3 phases.
std::string TinyJobText();

// The same, ready to run, with overrides as the trainer's --set takes them. Steps of microseconds gain nothing from
// more than one thread, and on a busy machine lose much.
std::unique_ptr<PreparedJob> PrepareTinyJob(const std::vector<std::string>& overrides = {}, int threads = 1);

// What must not differ between two runs of one job, file by file: the metrics without timing, the histograms, and every
// byte of the checkpoint of the job's end.
std::map<std::string, std::string> ResultsOf(FileSystem* files, const std::string& output_dir);

// Leaves of a run what it had written by its checkpoint of `step`, if it kept that.
void CutBack(FileSystem* files, const std::string& output_dir, int64_t step);

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_TINY_JOB_H_
