#include "compression/import/natural_order.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace espalier {
namespace {

// Takes the digits in front.
absl::string_view TakeDigits(absl::string_view* text) {
  size_t count = 0;
  while (count < text->size() && absl::ascii_isdigit((*text)[count])) ++count;
  const absl::string_view digits = text->substr(0, count);
  text->remove_prefix(count);
  return digits;
}

absl::string_view WithoutLeadingZeros(absl::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  return digits;
}

}  // namespace

bool NaturalLess(absl::string_view a, absl::string_view b) {
  const absl::string_view whole_a = a, whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (absl::ascii_isdigit(a[0]) && absl::ascii_isdigit(b[0])) {
      const absl::string_view left = WithoutLeadingZeros(TakeDigits(&a)), right = WithoutLeadingZeros(TakeDigits(&b));
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
      continue;
    }
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  if (a.empty() != b.empty()) return a.empty();
  return whole_a < whole_b;  // "a01" and "a1" stay apart
}

std::string FormOfName(absl::string_view name) {
  std::string form;
  while (!name.empty()) {
    if (TakeDigits(&name).empty()) {
      form.push_back(name[0]);
      name.remove_prefix(1);
      continue;
    }
    form.push_back('#');
    const bool letter = !name.empty() && absl::ascii_islower(name[0]);
    if (letter && (name.size() == 1 || !absl::ascii_isalnum(name[1]))) name.remove_prefix(1);
  }
  return form;
}

}  // namespace espalier
