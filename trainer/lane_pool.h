// Threads that do one thing side by side, each with OpenMP teams of one thread: results of a lane depend on no other
// lane and on no number of cores.
#ifndef ESPALIER_TRAINER_LANE_POOL_H_
#define ESPALIER_TRAINER_LANE_POOL_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace espalier {

class LanePool {
 public:
  // The thread that calls Run is one of the lanes.
  explicit LanePool(int lanes);
  ~LanePool();
  LanePool(const LanePool&) = delete;
  LanePool& operator=(const LanePool&) = delete;

  int lanes() const { return static_cast<int>(threads_.size()) + 1; }
  // Calls work(lane) for each lane at the same time and returns when all are done.
  void Run(const std::function<void(int lane)>& work);

 private:
  void Serve(int lane);

  std::mutex mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)>* work_ = nullptr;
  int64_t round_ = 0;
  int running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_LANE_POOL_H_
