#include "tools/command_line.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/nearest_name.h"
#include "tools/table.h"

namespace espalier {

std::string Arguments::Get(absl::string_view flag, absl::string_view fallback) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> Arguments::GetAll(absl::string_view flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<int64_t> Arguments::GetInteger(absl::string_view flag, int64_t fallback, int64_t minimum,
                                              int64_t maximum) const {
  if (!Has(flag)) return fallback;
  int64_t value = 0;
  if (absl::SimpleAtoi(Get(flag), &value) && value >= minimum && value <= maximum) return value;
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": expected a whole number from ", minimum, " to ", maximum, ", found ", Get(flag)));
}

absl::StatusOr<double> Arguments::GetPositive(absl::string_view flag, double fallback) const {
  if (!Has(flag)) return fallback;
  double value = 0;
  if (absl::SimpleAtod(Get(flag), &value) && value > 0 && std::isfinite(value)) return value;
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": expected a positive number, found ", Get(flag)));
}

namespace {

// The argument, with two dashes if it is a known flag of one letter.
std::string Spelled(const std::string& argument, const std::vector<Flag>& flags) {
  const bool known =
      argument.size() == 2 && argument[0] == '-' &&
      std::any_of(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == argument.substr(1); });
  return known ? "-" + argument : argument;
}

}  // namespace

absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& arguments, const std::vector<Flag>& flags,
                                         size_t minimum, size_t maximum) {
  Arguments parsed;
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = flags_ended ? arguments[i] : Spelled(arguments[i], flags);
    if (flags_ended || !absl::StartsWith(argument, "--")) {
      parsed.positional_.push_back(argument);
      continue;
    }
    if (argument == "--") {
      flags_ended = true;
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto flag = std::find_if(flags.begin(), flags.end(), [&](const Flag& known) { return known.name == name; });
    if (name == "help") {
      parsed.values_["help"].emplace_back();
      return parsed;
    }
    if (flag == flags.end()) {
      std::vector<std::string> names = {"help"};
      for (const Flag& known : flags) names.push_back(known.name);
      return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name, Suggestion(name, names)));
    }
    std::string value;
    if (equals != std::string::npos) {
      if (flag->value.empty()) return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value"));
      value = argument.substr(equals + 1);
    } else if (!flag->value.empty()) {
      if (++i == arguments.size() || absl::StartsWith(arguments[i], "--")) {
        return absl::InvalidArgumentError(absl::StrCat("--", name, ": expected ", flag->value, ", found ",
                                                       i == arguments.size() ? "nothing" : arguments[i]));
      }
      value = arguments[i];
    }
    parsed.values_[name].push_back(std::move(value));
  }
  const size_t count = parsed.positional_.size();
  if (count < minimum || count > maximum) {
    return absl::InvalidArgumentError(absl::StrCat("expected ", minimum == maximum ? "" : absl::StrCat(minimum, " to "),
                                                   maximum, maximum == 1 ? " argument" : " arguments", ", found ",
                                                   count));
  }
  return parsed;
}

std::string FlagsHelp(const std::vector<Flag>& flags) {
  TextTable table({{""}, {""}});
  for (const Flag& flag : flags) {
    table.AddRow(
        {absl::StrCat(flag.name.size() == 1 ? "-" : "--", flag.name, flag.value.empty() ? "" : " ", flag.value),
         flag.help});
  }
  return table.ToString(/*indent=*/2);
}

}  // namespace espalier
