// SIGINT and SIGTERM ask a run to save and stop at the next step boundary; a second one ends it at once.
#ifndef ESPALIER_TRAINER_SIGNALS_H_
#define ESPALIER_TRAINER_SIGNALS_H_

namespace espalier {

// Installs the handlers, once a process.
void CatchStopSignals();

// The signal that asked to stop, or 0.
int StopSignal();

}  // namespace espalier

#endif  // ESPALIER_TRAINER_SIGNALS_H_
