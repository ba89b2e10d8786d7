#include "hw/tpu/sensitivity.h"

#include <algorithm>
#include <limits>

#include "core/status.h"

namespace espalier::tpu {
namespace {

constexpr double kFactors[] = {0.25, 0.5, 1, 2, 4}, kMatrixFactors[] = {0.5, 1, 2};

Config ScaleAccumulators(Config config, double factor) {
  // What an instruction can address.
  config.accumulator_rows = static_cast<int>(std::min(65536.0, config.accumulator_rows * factor));
  return config;
}

Config ScaleMemory(Config config, double factor) {
  config.weight_bytes_per_s *= factor;
  return config;
}

Config ScaleClock(Config config, double factor) {
  config.clock_hz *= factor;
  return config;
}

Config ScaleMatrix(Config config, double factor) {
  config.array_size = static_cast<int>(config.array_size * factor);
  config.activation_width = static_cast<int>(config.activation_width * factor);
  return config;
}

// Not a number where the scaled TPU has no room for the application.
absl::StatusOr<double> Speedup(const Config& scaled, const Application& application, double base_batches_per_s) {
  const absl::StatusOr<ApplicationResult> result = RunApplication(scaled, application, HostTraffic::kOwn);
  if (absl::IsInvalidArgument(result.status())) return std::numeric_limits<double>::quiet_NaN();
  RETURN_IF_ERROR(result.status());
  return result->batches_per_s / base_batches_per_s;
}

}  // namespace

std::vector<Scaling> Scalings() {
  return {
      {"memory", kFactors, ScaleMemory},
      {"clock", kFactors, ScaleClock},
      {"clock+", kFactors,
       [](Config config, double factor) { return ScaleAccumulators(ScaleClock(config, factor), factor); }},
      {"matrix", kMatrixFactors, ScaleMatrix},
      {"matrix+", kMatrixFactors,
       [](Config config, double factor) { return ScaleAccumulators(ScaleMatrix(config, factor), factor * factor); }},
  };
}

absl::StatusOr<std::vector<SensitivityPoint>> RunSensitivity(const Config& config,
                                                             const std::vector<Application>& applications,
                                                             const std::vector<Scaling>& scalings) {
  std::vector<SensitivityPoint> points;
  for (const Scaling& scaling : scalings) {
    for (const double factor : scaling.factors) points.push_back({scaling.name, factor, {}, 0});
  }
  // Application by application, so that each base is computed once.
  for (const Application& application : applications) {
    ASSIGN_OR_RETURN(const ApplicationResult base, RunApplication(config, application, HostTraffic::kOwn));
    size_t point = 0;
    for (const Scaling& scaling : scalings) {
      for (const double factor : scaling.factors) {
        double speedup = 1;
        if (factor != 1) {
          ASSIGN_OR_RETURN(speedup, Speedup(scaling.scale(config, factor), application, base.batches_per_s));
        }
        points[point++].speedups.push_back(speedup);
      }
    }
  }
  double deployed = 0;
  for (const Application& application : applications) deployed += application.deployed;
  for (SensitivityPoint& point : points) {
    for (size_t a = 0; a < applications.size(); ++a) {
      point.weighted_mean += applications[a].deployed / deployed * point.speedups[a];
    }
  }
  return points;
}

}  // namespace espalier::tpu
