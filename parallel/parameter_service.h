// What a parameter server does with pushed gradients between two setups: one way for the synchronous mode, one for the
// others. Messages: parallel/parameter_server_messages.h.
#ifndef ESPALIER_PARALLEL_PARAMETER_SERVICE_H_
#define ESPALIER_PARALLEL_PARAMETER_SERVICE_H_

#include <memory>
#include <utility>

#include "parallel/communicator.h"
#include "parallel/mailbox.h"
#include "parallel/parameter_range.h"
#include "parallel/parameter_server_messages.h"

namespace espalier {

class ParameterService {
 public:
  // What a service works with.
  struct Context {
    ServerSetup setup;
    int server = 0, servers = 1;  // this server's number, and how many there are
    ParameterRange* range = nullptr;
    Inbox* inbox = nullptr;
    Outbox* outbox = nullptr;
  };

  virtual ~ParameterService() = default;

  // A kStep or kPush.
  virtual void OnRequest(int worker, const ServerRequest& request) = 0;
  virtual void OnChunk(int worker, int chunk, Letter letter) = 0;
  virtual void OnSquares(int server, Letter letter) = 0;
  // Whether no step and no push is half done.
  virtual bool idle() const = 0;

 protected:
  explicit ParameterService(Context context) : context_(std::move(context)) {}

  int workers() const { return context_.setup.workers; }
  ParameterRange& range() { return *context_.range; }
  const ParameterRange& range() const { return *context_.range; }

  // The letter's gradients as f32, all of a chunk.
  std::vector<float> Decode(int chunk, Letter letter);
  void Recycle(std::vector<float> memory) { context_.inbox->spare()->push_back(std::move(memory)); }
  // Begins to send the chunk of weights; Outbox::Await(chunk) waits until it may change.
  void SendChunk(int chunk, int worker);
  void Reply(int worker, const ServerReply& reply) { context_.outbox->Post(&reply, sizeof reply, worker, kReplyTag); }

  const Context context_;
};

std::unique_ptr<ParameterService> MakeSynchronousService(ParameterService::Context context);
std::unique_ptr<ParameterService> MakeAsynchronousService(ParameterService::Context context);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PARAMETER_SERVICE_H_
