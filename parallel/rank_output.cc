#include "parallel/rank_output.h"

#include <iostream>
#include <mutex>
#include <streambuf>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// Puts a prefix before each line; several threads may write.
class PrefixBuffer : public std::streambuf {
 public:
  PrefixBuffer(std::string prefix, int descriptor) : prefix_(std::move(prefix)), descriptor_(descriptor) {}
  ~PrefixBuffer() override {
    if (!line_.empty()) Add("\n");
  }

  void Add(absl::string_view text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (size_t end; (end = text.find('\n')) != absl::string_view::npos; text.remove_prefix(end + 1)) {
      absl::StrAppend(&line_, text.substr(0, end + 1));
      Write();
      line_.clear();
    }
    absl::StrAppend(&line_, text);
  }

 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char character = traits_type::to_char_type(c);
    Add({&character, 1});
    return c;
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    Add({text, static_cast<size_t>(size)});
    return size;
  }

 private:
  void Write() const {
    const std::string text = prefix_ + line_;
    for (size_t done = 0; done < text.size();) {
      const ssize_t size = ::write(descriptor_, text.data() + done, text.size() - done);
      if (size <= 0) return;  // nobody reads
      done += size;
    }
  }

  const std::string prefix_;
  const int descriptor_;
  std::mutex mutex_;
  std::string line_;
};

class BufferSink : public google::LogSink {
 public:
  explicit BufferSink(PrefixBuffer* buffer) : buffer_(buffer) {}
  void send(google::LogSeverity severity, const char* /*path*/, const char* file, int line,
            const google::LogMessageTime& time, const char* message, size_t size) override {
    buffer_->Add(ToString(severity, file, line, time, message, size) + "\n");
  }

 private:
  PrefixBuffer* const buffer_;
};

}  // namespace

class RankOutput::Redirection {
 public:
  Redirection(int rank, int descriptor)
      : buffer_(absl::StrCat("[rank ", rank, "] "), descriptor),
        sink_(&buffer_),
        out_(std::cout.rdbuf(&buffer_)),
        err_(std::cerr.rdbuf(&buffer_)),
        log_to_stderr_(FLAGS_logtostderr),
        threshold_(FLAGS_stderrthreshold) {
    google::AddLogSink(&sink_);
    // No other way out of the log: no file, no standard error.
    for (int severity = 0; severity < google::NUM_SEVERITIES; ++severity) google::SetLogDestination(severity, "");
    FLAGS_logtostderr = false;
    FLAGS_stderrthreshold = google::NUM_SEVERITIES;
  }
  ~Redirection() {
    FLAGS_logtostderr = log_to_stderr_;
    FLAGS_stderrthreshold = threshold_;
    google::RemoveLogSink(&sink_);
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
  }

 private:
  PrefixBuffer buffer_;
  BufferSink sink_;
  std::streambuf* const out_;
  std::streambuf* const err_;
  const bool log_to_stderr_;
  const int threshold_;
};

RankOutput::RankOutput(int rank, int descriptor) {
  if (rank != 0) redirection_ = std::make_unique<Redirection>(rank, descriptor);
}

RankOutput::~RankOutput() = default;

}  // namespace espalier
