// The `espalier` program: everything about networks and packages that is not training.

#include <iostream>

#include "glog/logging.h"
#include "tools/chart_verb.h"
#include "tools/eie_study.h"
#include "tools/evaluate.h"
#include "tools/import.h"
#include "tools/inspect.h"
#include "tools/launch.h"
#include "tools/pack.h"
#include "tools/report/report_verb.h"
#include "tools/scaling.h"
#include "tools/sensitivity.h"
#include "tools/simulate.h"
#include "tools/tpu_study.h"
#include "tools/unpack.h"

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  const std::vector<espalier::Verb> verbs = {
      espalier::ChartVerb(),   espalier::EieStudyVerb(),    espalier::EvaluateVerb(), espalier::ImportVerb(),
      espalier::InspectVerb(), espalier::LaunchVerb(),      espalier::PackVerb(),     espalier::ReportVerb(),
      espalier::ScalingVerb(), espalier::SensitivityVerb(), espalier::SimulateVerb(), espalier::TpuStudyVerb(),
      espalier::UnpackVerb(),
  };
  return espalier::RunVerbs(verbs, {argv + 1, argv + argc}, std::cout, std::cerr);
}
