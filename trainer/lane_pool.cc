#include "trainer/lane_pool.h"

#include <omp.h>

namespace espalier {

LanePool::LanePool(int lanes) {
  for (int lane = 1; lane < lanes; ++lane) threads_.emplace_back([this, lane] { Serve(lane); });
}

LanePool::~LanePool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  begin_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void LanePool::Run(const std::function<void(int)>& work) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    work_ = &work;
    running_ = static_cast<int>(threads_.size());
    ++round_;
  }
  begin_.notify_all();
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  work(0);
  omp_set_num_threads(threads);
  std::unique_lock<std::mutex> lock(mutex_);
  end_.wait(lock, [this] { return running_ == 0; });
}

void LanePool::Serve(int lane) {
  omp_set_num_threads(1);
  int64_t round = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    begin_.wait(lock, [&] { return stopping_ || round_ != round; });
    if (stopping_) return;
    round = round_;
    lock.unlock();
    (*work_)(lane);
    lock.lock();
    if (--running_ == 0) end_.notify_one();
  }
}

}  // namespace espalier
