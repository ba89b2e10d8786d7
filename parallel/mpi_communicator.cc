#include "parallel/mpi_communicator.h"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {
namespace {

std::string ErrorText(int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) return absl::StrCat("MPI error ", code);
  return std::string(text, length);
}

class MpiCommunicator : public Communicator {
 public:
  // Owns `comm`; with `ends_mpi` MPI itself, too.
  MpiCommunicator(MPI_Comm comm, const MpiOptions& options, bool ends_mpi)
      : comm_(comm), options_(options), ends_mpi_(ends_mpi) {
    MPI_Comm_rank(MPI_COMM_WORLD, &job_rank_);
    Check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    Check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
    Check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
  }

  ~MpiCommunicator() override {
    Check(MPI_Comm_free(&comm_), "MPI_Comm_free");
    if (ends_mpi_) MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  Request Send(const void* data, size_t bytes, int destination, int tag) override {
    CHECK(bytes <= kMaximumBytes && tag >= 0 && tag <= kMaximumTag);
    const int slot = TakeSlot();
    slots_[slot].received = false;
    Check(MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, destination, tag, comm_, &slots_[slot].request),
          "MPI_Isend");
    return {slot};
  }

  Request Receive(void* data, size_t bytes, int source, int tag) override {
    CHECK(bytes <= kMaximumBytes && tag >= kAnyTag && tag <= kMaximumTag);
    const int slot = TakeSlot();
    slots_[slot].received = true;
    slots_[slot].bytes = static_cast<int>(bytes);
    Check(MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, source == kAnySource ? MPI_ANY_SOURCE : source,
                    tag == kAnyTag ? MPI_ANY_TAG : tag, comm_, &slots_[slot].request),
          "MPI_Irecv");
    return {slot};
  }

  bool Test(Request* request) override {
    if (!request->active()) return true;
    Slot& slot = slots_[request->slot];
    int done = 0;
    MPI_Status status;
    Check(MPI_Test(&slot.request, &done, &status), slot.received ? "a receive" : "a send");
    if (!done) return false;
    if (slot.received) CheckBytes(slot, status);
    free_slots_.push_back(request->slot);
    request->slot = -1;
    return true;
  }

  bool Probe(int source, int tag, MessageInfo* info) override {
    int found = 0, bytes = 0;
    MPI_Status status;
    Check(MPI_Iprobe(source == kAnySource ? MPI_ANY_SOURCE : source, tag == kAnyTag ? MPI_ANY_TAG : tag, comm_, &found,
                     &status),
          "MPI_Iprobe");
    if (!found) return false;
    Check(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    *info = {status.MPI_SOURCE, status.MPI_TAG, static_cast<size_t>(bytes)};
    return true;
  }

  std::unique_ptr<Communicator> Split(int color) override {
    CHECK_GE(color, 0);
    MPI_Comm part;
    Check(MPI_Comm_split(comm_, color, rank_, &part), "MPI_Comm_split");
    return std::make_unique<MpiCommunicator>(part, options_, false);
  }

  [[noreturn]] void Abort(absl::string_view reason, int exit_code) override {
    std::cout << std::flush;
    std::fflush(stdout);
    std::cerr << absl::StrCat("[rank ", job_rank_, "] ", reason, "\n") << std::flush;
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    ::_exit(exit_code);
  }

  // Never sched_yield: where anything else runs on the machine, who yields waits for a whole time slice, while who
  // sleeps is woken at once.
  void Idle(int attempt) override {
    constexpr int kLooks = 2000;  // of some 0.2 us each
    if (!options_.oversubscribed && attempt < kLooks) return;
    // Each sleep a little longer than the last: what it may add stays small beside what was waited already.
    const int sleeps = options_.oversubscribed ? attempt : attempt - kLooks;
    const int first = options_.oversubscribed ? 100 : 50;
    std::this_thread::sleep_for(std::chrono::microseconds(std::min(1000, first + 10 * sleeps)));
  }

 private:
  struct Slot {
    MPI_Request request = MPI_REQUEST_NULL;
    int bytes = 0;
    bool received = false;
  };

  void Check(int code, const char* what) {
    if (code != MPI_SUCCESS) Abort(absl::StrCat(what, ": ", ErrorText(code)), 1);
  }

  void CheckBytes(const Slot& slot, const MPI_Status& status) {
    int bytes = 0;
    Check(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    if (bytes == slot.bytes) return;
    Abort(absl::StrCat("a message of rank ", status.MPI_SOURCE, " with tag ", status.MPI_TAG, ": expected ", slot.bytes,
                       " bytes, got ", bytes),
          1);
  }

  int TakeSlot() {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<int>(slots_.size()));
      slots_.emplace_back();
      free_slots_.reserve(slots_.size());
    }
    const int slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
  }

  MPI_Comm comm_;
  const MpiOptions options_;
  const bool ends_mpi_;
  int rank_ = 0, size_ = 1;
  int job_rank_ = 0;
  std::vector<Slot> slots_;
  std::vector<int> free_slots_;
};

}  // namespace

bool LaunchedByMpi() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

absl::StatusOr<std::unique_ptr<Communicator>> StartMpi(int* argc, char*** argv, const MpiOptions& options) {
  int level = MPI_THREAD_SINGLE;
  int code = MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
  if (code != MPI_SUCCESS) {
    return absl::InternalError(
        absl::StrCat("cannot start MPI: ", ErrorText(code), "; try mpirun -n 1, or run without mpirun"));
  }
  if (level < MPI_THREAD_FUNNELED) {
    return absl::FailedPreconditionError(
        absl::StrCat("this MPI allows no other threads beside its own: expected thread level MPI_THREAD_FUNNELED (",
                     MPI_THREAD_FUNNELED, "), got ", level, "; try one that was built with threads"));
  }
  MPI_Comm all;
  code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS) code = MPI_Comm_dup(MPI_COMM_WORLD, &all);
  if (code != MPI_SUCCESS) return absl::InternalError(absl::StrCat("cannot start MPI: ", ErrorText(code)));
  return std::make_unique<MpiCommunicator>(all, options, true);
}

}  // namespace espalier
