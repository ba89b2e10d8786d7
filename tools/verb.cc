#include "tools/verb.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/nearest_name.h"
#include "tools/table.h"

namespace espalier {
namespace {

void PrintHelp(const std::vector<Verb>& verbs, std::ostream& out) {
  out << "usage: espalier VERB [ARGUMENTS] [--FLAGS]\n\nVerbs:\n";
  TextTable table({{""}, {""}});
  for (const Verb& verb : verbs) table.AddRow({verb.name, verb.summary});
  table.AddRow({"help", "this text; `espalier help VERB` for a verb's"});
  out << table.ToString(/*indent=*/2);
}

void PrintHelp(const Verb& verb, std::ostream& out) {
  out << "usage: espalier " << verb.name << " " << verb.arguments
      << (verb.flags.empty() || absl::StrContains(verb.arguments, "[--FLAGS]") ? "" : " [--FLAGS]") << "\n\n"
      << verb.summary << "\n";
  if (!verb.details.empty()) out << verb.details << "\n";
  if (!verb.flags.empty()) out << "\nFlags:\n" << FlagsHelp(verb.flags);
}

int BadUsage(const std::string& who, absl::string_view problem, const std::string& help, std::ostream& err) {
  err << who << ": " << problem << "\nSee `" << help << "`.\n";
  return kExitBadUsage;
}

bool IsBadUsage(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status) ||
         absl::IsDataLoss(status) || absl::IsAlreadyExists(status);
}

constexpr char kExitCode[] = "espalier/exit_code";

}  // namespace

absl::Status ExitWith(int exit_code) {
  if (exit_code == kExitDone) return absl::OkStatus();
  absl::Status status = absl::UnknownError("");
  status.SetPayload(kExitCode, absl::Cord(absl::StrCat(exit_code)));
  return status;
}

int RunVerbs(const std::vector<Verb>& verbs, const std::vector<std::string>& arguments, std::ostream& out,
             std::ostream& err) {
  if (arguments.empty()) {
    PrintHelp(verbs, err);
    return kExitBadUsage;
  }
  const bool help = arguments[0] == "help" || arguments[0] == "--help";
  if (help && arguments.size() == 1) {
    PrintHelp(verbs, out);
    return kExitDone;
  }
  const std::string& name = arguments[help ? 1 : 0];
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& known) { return known.name == name; });
  if (verb == verbs.end()) {
    std::vector<std::string> names = {"help"};
    for (const Verb& known : verbs) names.push_back(known.name);
    return BadUsage("espalier", absl::StrCat("unknown verb ", name, Suggestion(name, names)), "espalier help", err);
  }
  if (help) {
    PrintHelp(*verb, out);
    return kExitDone;
  }
  const std::string who = absl::StrCat("espalier ", name);
  const absl::StatusOr<Arguments> parsed = ParseArguments({arguments.begin() + 1, arguments.end()}, verb->flags,
                                                          verb->minimum_arguments, verb->maximum_arguments);
  if (!parsed.ok()) return BadUsage(who, parsed.status().message(), absl::StrCat(who, " --help"), err);
  if (parsed->Has("help")) {
    PrintHelp(*verb, out);
    return kExitDone;
  }
  const absl::Status status = verb->run(*parsed, out);
  if (status.ok()) return kExitDone;
  if (const auto code = status.GetPayload(kExitCode)) {
    int value = kExitFailed;
    return absl::SimpleAtoi(std::string(*code), &value) ? value : kExitFailed;
  }
  err << who << ": " << status.message() << "\n";
  return IsBadUsage(status) ? kExitBadUsage : kExitFailed;
}

}  // namespace espalier
