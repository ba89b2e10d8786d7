#include "parallel/parameter_server.h"

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "parallel/mailbox.h"
#include "parallel/parameter_range.h"
#include "parallel/parameter_service.h"

namespace espalier {
namespace {

class Server {
 public:
  Server(std::unique_ptr<Communicator> world, int servers, Activity* activity)
      : world_(std::move(world)),
        workers_(world_->size() - servers),
        servers_(servers),
        activity_(activity),
        inbox_(world_.get()),
        outbox_(world_.get()) {}

  absl::Status Run() {
    if (activity_ != nullptr) {
      activity_->Enter(Section::kStep);
      activity_->Await("parameter server: the workers' messages");
    }
    for (int attempt = 0; !finished_;) {
      Letter letter;
      if (inbox_.Next(&letter)) {
        RETURN_IF_ERROR(Take(std::move(letter)));
        if (activity_ != nullptr) activity_->Beat();
        attempt = 0;
      } else {
        outbox_.Progress();
        world_->Idle(attempt++);
      }
    }
    outbox_.AwaitAll();
    return absl::OkStatus();
  }

 private:
  absl::Status Take(Letter letter) {
    if (letter.tag == kSetupTag) return SetUp(letter);
    const int source = letter.source, tag = letter.tag;
    if (tag == kRequestTag) {
      TakeRequest(letter);
      inbox_.spare()->push_back(std::move(letter.memory));
    } else if (service_ != nullptr && tag >= kChunkTag && tag < kChunkTag + range_->chunks()) {
      service_->OnChunk(source, tag - kChunkTag, std::move(letter));
    } else if (service_ != nullptr && tag == kSquaresTag) {
      service_->OnSquares(source - workers_, std::move(letter));
    } else {
      world_->Abort(absl::StrCat("a parameter server got a message with tag ", letter.tag, " from rank ", letter.source,
                                 ", which it does not know"),
                    1);
    }
    return absl::OkStatus();
  }

  void TakeRequest(const Letter& letter) {
    const auto request = letter.As<ServerRequest>();
    CHECK(service_ != nullptr || request.kind == ServerRequest::kFinish) << "a request before any setup";
    switch (request.kind) {
      case ServerRequest::kStep:
      case ServerRequest::kPush:
        return service_->OnRequest(letter.source, request);
      case ServerRequest::kCollect:
        return SendArenas();
      case ServerRequest::kFinish:
        finished_ = true;
        return;
    }
  }

  absl::Status SetUp(const Letter& letter) {
    CHECK(service_ == nullptr || service_->idle()) << "a setup in the middle of a step";
    outbox_.AwaitAll();
    ParameterService::Context context;
    context.setup = ServerSetup::Parse({letter.data(), letter.bytes});
    CHECK_EQ(context.setup.workers, workers_);
    ASSIGN_OR_RETURN(range_, ParameterRange::Create(context.setup));
    context.server = world_->rank() - workers_;
    context.servers = servers_;
    context.range = range_.get();
    context.inbox = &inbox_;
    context.outbox = &outbox_;
    AnswerSetup();
    for (float* arena : range_->arenas()) {
      ForEachPiece(arena, range_->elements(), [this](absl::Span<float> piece) {
        Request request = world_->Receive(piece.data(), piece.size() * sizeof(float), 0, kArenaTag);
        world_->Wait(&request);
        if (activity_ != nullptr) activity_->Beat();
      });
    }
    const bool synchronous = context.setup.mode == ServerMode::kSynchronous;
    service_ = synchronous ? MakeSynchronousService(std::move(context)) : MakeAsynchronousService(std::move(context));
    AnswerSetup();
    return absl::OkStatus();
  }

  void AnswerSetup() {
    const ServerReply reply;
    outbox_.Post(&reply, sizeof reply, 0, kReplyTag);
  }

  void SendArenas() {
    for (float* arena : range_->arenas()) {
      ForEachPiece(arena, range_->elements(), [this](absl::Span<float> piece) {
        Request request = world_->Send(piece.data(), piece.size() * sizeof(float), 0, kArenaTag);
        world_->Wait(&request);
      });
    }
  }

  const std::unique_ptr<Communicator> world_;
  const int workers_, servers_;
  Activity* const activity_;
  Inbox inbox_;
  Outbox outbox_;
  std::unique_ptr<ParameterRange> range_;
  std::unique_ptr<ParameterService> service_;
  bool finished_ = false;
};

}  // namespace

absl::Status ServeParameters(Communicator& world, int servers, Activity* activity) {
  CHECK(0 < servers && world.rank() >= world.size() - servers) << "rank " << world.rank() << " is no server";
  return Server(world.Split(0), servers, activity).Run();
}

}  // namespace espalier
