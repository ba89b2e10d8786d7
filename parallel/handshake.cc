#include "parallel/handshake.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/files/crc32c.h"
#include "parallel/collectives.h"

namespace espalier {
namespace {

// Texts as one, each as "SIZE:BYTES", and back.
std::string Join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) absl::StrAppend(&joined, text.size(), ":", text);
  return joined;
}

// What is whole; a text of another program may be anything.
std::vector<std::string> Split(absl::string_view joined) {
  std::vector<std::string> texts;
  while (!joined.empty()) {
    const size_t colon = joined.find(':');
    uint64_t size = 0;
    if (colon == absl::string_view::npos || !absl::SimpleAtoi(joined.substr(0, colon), &size)) break;
    joined.remove_prefix(colon + 1);
    if (joined.size() < size) break;
    texts.emplace_back(joined.substr(0, size));
    joined.remove_prefix(size);
  }
  return texts;
}

std::string Difference(const std::string& value, const std::string& first) {
  const std::vector<std::string> lines = absl::StrSplit(value, '\n'), first_lines = absl::StrSplit(first, '\n');
  if (lines.size() == 1 && first_lines.size() == 1) return absl::StrCat("found ", value, ", rank 0 has ", first);
  size_t line = 0;
  while (line < lines.size() && line < first_lines.size() && lines[line] == first_lines[line]) ++line;
  const auto text = [line](const std::vector<std::string>& all) { return line < all.size() ? all[line] : "its end"; };
  return absl::StrCat("line ", line + 1, ": found ", text(lines), ", rank 0 has ", text(first_lines));
}

std::string NameOf(int rank, const std::string& host) { return absl::StrCat("rank ", rank, " (", host, ")"); }

// Names and values in turn.
std::vector<std::string> Flatten(const std::string& host, const std::vector<SharedFact>& facts) {
  std::vector<std::string> texts = {host};
  for (const SharedFact& fact : facts) {
    texts.push_back(fact.name);
    texts.push_back(fact.value);
  }
  return texts;
}

// In what `theirs` differs; empty: in nothing.
std::string Compare(const std::vector<std::string>& theirs, const std::vector<SharedFact>& facts) {
  std::vector<std::string> differences;
  for (size_t i = 0; i < facts.size(); ++i) {
    const size_t at = 1 + 2 * i;
    if (at + 1 >= theirs.size() || theirs[at] != facts[i].name) {
      differences.push_back(absl::StrCat("it does not tell its ", facts[i].name));
      break;
    }
    if (theirs[at + 1] == facts[i].value) continue;
    const std::string difference = facts[i].difference ? facts[i].difference(theirs[at + 1], facts[i].value)
                                                       : Difference(theirs[at + 1], facts[i].value);
    differences.push_back(absl::StrCat(facts[i].name, " differs from rank 0's: ", difference));
  }
  return absl::StrJoin(differences, "; ");
}

std::string Encode(const std::string& host, const absl::Status& status) {
  std::vector<std::string> texts = {host, absl::StrCat(status.raw_code()), std::string(status.message())};
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    texts.emplace_back(type);
    texts.emplace_back(payload);
  });
  return Join(texts);
}

}  // namespace

absl::Status CompareFacts(Communicator* communicator, const std::string& host, const std::vector<SharedFact>& facts) {
  constexpr size_t kMost = 8;
  const std::vector<std::string> all = GatherStrings(communicator, Join(Flatten(host, facts)), 0);
  std::vector<std::string> lines;
  for (size_t rank = 1; rank < all.size(); ++rank) {
    const std::vector<std::string> theirs = Split(all[rank]);
    const std::string difference = Compare(theirs, facts);
    if (difference.empty()) continue;
    lines.push_back(absl::StrCat(NameOf(rank, theirs.empty() ? "unknown host" : theirs[0]), ": ", difference));
  }
  if (lines.size() > kMost) {
    const size_t more = lines.size() - kMost;
    lines.resize(kMost);
    lines.push_back(absl::StrCat("and ", more, more == 1 ? " more rank" : " more ranks"));
  }
  const std::string message = BroadcastString(communicator, absl::StrJoin(lines, "\n"), 0);
  return message.empty() ? absl::OkStatus() : absl::InvalidArgumentError(message);
}

absl::Status ShareStatus(Communicator* communicator, const std::string& host, const absl::Status& mine) {
  if (!AnyRank(communicator, !mine.ok())) return absl::OkStatus();
  const std::vector<std::string> all = AllGatherStrings(communicator, Encode(host, mine));
  std::vector<std::string> first;  // of the ranks that failed
  int failed = 0, alike = 0;
  std::string name;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const std::vector<std::string> texts = Split(all[rank]);
    if (texts.size() < 3 || texts[1] == "0") continue;
    if (failed++ == 0) {
      first = texts;
      name = NameOf(rank, texts[0]);
    }
    alike += texts[2] == first[2];
  }
  if (failed == 0) return absl::InternalError("a rank failed and did not say why");
  int code = 0;
  if (!absl::SimpleAtoi(first[1], &code)) code = static_cast<int>(absl::StatusCode::kUnknown);
  // What all ranks found is nobody's in particular.
  std::string message = alike == all.size() ? first[2] : absl::StrCat(name, ": ", first[2]);
  if (alike != all.size() && failed > 1) {
    absl::StrAppend(&message, " (and ", failed - 1, failed == 2 ? " more rank" : " more ranks", " failed)");
  }
  absl::Status shared(static_cast<absl::StatusCode>(code), message);
  for (size_t i = 3; i + 1 < first.size(); i += 2) shared.SetPayload(first[i], absl::Cord(first[i + 1]));
  return shared;
}

absl::StatusOr<std::string> ProgramIdentity(FileSystem* files, const std::string& path) {
  constexpr uint64_t kPiece = 1 << 20;
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, files->OpenForReading(path));
  std::string piece(kPiece, '\0');
  uint32_t crc = 0;
  for (uint64_t offset = 0; offset < file->size(); offset += kPiece) {
    const size_t bytes = std::min(kPiece, file->size() - offset);
    RETURN_IF_ERROR(file->Read(offset, bytes, piece.data()));
    crc = Crc32c({piece.data(), bytes}, crc);
  }
  return absl::StrFormat("%d bytes, crc32c %08x", file->size(), crc);
}

}  // namespace espalier
