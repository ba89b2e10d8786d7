// Signals ask a run to save and stop at the next step boundary. A launcher and the terminal may both pass on one
// interrupt, so a second signal changes nothing; a third one ends the process at once, unsaved.
#ifndef ESPALIER_TRAINER_SIGNALS_H_
#define ESPALIER_TRAINER_SIGNALS_H_

namespace espalier {

// Installs the handlers of SIGINT, SIGTERM and SIGHUP, unless SIGHUP is ignored (nohup); once a process. Writes beyond
// the limit of a file's size become errors instead of ending the process.
void CatchStopSignals();

// The signal that asked to stop, or 0.
int StopSignal();

}  // namespace espalier

#endif  // ESPALIER_TRAINER_SIGNALS_H_
