// Only rank 0 writes to the terminal. What another rank writes there all the same, warnings above all, says who speaks.
#ifndef ESPALIER_PARALLEL_RANK_OUTPUT_H_
#define ESPALIER_PARALLEL_RANK_OUTPUT_H_

#include <unistd.h>

#include <memory>

namespace espalier {

// While it lives, std::cout, std::cerr and the log of a rank other than 0 go to `descriptor`, each line as
// "[rank 2] ...", written by a single system call, so that lines of several ranks do not mix. Rank 0 is left as it is.
// One at a time in a process.
class RankOutput {
 public:
  explicit RankOutput(int rank, int descriptor = STDERR_FILENO);
  // The streams are as before; a line without its end is ended.
  ~RankOutput();
  RankOutput(const RankOutput&) = delete;
  RankOutput& operator=(const RankOutput&) = delete;

 private:
  class Redirection;
  std::unique_ptr<Redirection> redirection_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_RANK_OUTPUT_H_
