// Propagation of absl::Status. Errors whose cause lies outside the code (job, data, files) travel as Status and say
// where, what was expected and what was found; broken invariants of our own are CHECKs.
#ifndef ESPALIER_CORE_STATUS_H_
#define ESPALIER_CORE_STATUS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Leaves the enclosing function with the error, if `expr` (an absl::Status) is one.
#define RETURN_IF_ERROR(expr)                                                                          \
  do {                                                                                                 \
    if (absl::Status status_macro_value = (expr); !status_macro_value.ok()) return status_macro_value; \
  } while (false)

// `ASSIGN_OR_RETURN(auto x, F())`: declares or assigns the value of an absl::StatusOr, or leaves with its error.
#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_IMPL_(ESPALIER_CONCAT_(status_or_value_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL_(temporary, lhs, expr) \
  auto temporary = (expr);                           \
  if (!temporary.ok()) return temporary.status();    \
  lhs = *std::move(temporary)
#define ESPALIER_CONCAT_(a, b) ESPALIER_CONCAT_INNER_(a, b)
#define ESPALIER_CONCAT_INNER_(a, b) a##b

#endif  // ESPALIER_CORE_STATUS_H_
