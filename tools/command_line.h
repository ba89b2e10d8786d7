// The arguments of a program's verb: `--flag`, `--flag=value`, `--flag value`, for flags of one letter `-f value`, and
// positional arguments, in any order; after `--` all are positional.
#ifndef ESPALIER_TOOLS_COMMAND_LINE_H_
#define ESPALIER_TOOLS_COMMAND_LINE_H_

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace espalier {

struct Flag {
  std::string name;   // without the dashes
  std::string value;  // how help calls the value: "N"; empty for a flag that takes none
  std::string help;   // one line
};

class Arguments {
 public:
  bool Has(absl::string_view flag) const { return values_.count(flag) > 0; }
  // The last value given, else `fallback`.
  std::string Get(absl::string_view flag, absl::string_view fallback = "") const;
  // All values given, in order.
  std::vector<std::string> GetAll(absl::string_view flag) const;
  // A whole number from `minimum` to `maximum`. The fallback may lie outside.
  absl::StatusOr<int64_t> GetInteger(absl::string_view flag, int64_t fallback, int64_t minimum,
                                     int64_t maximum = std::numeric_limits<int32_t>::max()) const;
  // A positive, finite number.
  absl::StatusOr<double> GetPositive(absl::string_view flag, double fallback) const;
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  friend absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>&, const std::vector<Flag>&, size_t,
                                                  size_t);
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positional_;
};

// Expects `minimum` to `maximum` positional arguments. An unknown flag's error names the nearest known one. With --help
// nothing else is checked.
absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& arguments, const std::vector<Flag>& flags,
                                         size_t minimum, size_t maximum);

// The flags in two columns, a line each.
std::string FlagsHelp(const std::vector<Flag>& flags);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_COMMAND_LINE_H_
