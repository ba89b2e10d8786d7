// Signals ask a run to save and stop at the next step boundary. A launcher and the terminal may both pass on one
// interrupt, so a second signal changes nothing; a third one ends the process at once, unsaved. SIGUSR1, which batch
// systems send some time before the end and mpirun passes on to all ranks, never ends it. SIGTERM by the launcher
// itself is the end of the job, in half a second.
#ifndef ESPALIER_TRAINER_SIGNALS_H_
#define ESPALIER_TRAINER_SIGNALS_H_

namespace espalier {

// Installs the handler of SIGUSR1 alone: for the set-up, which SIGINT and SIGTERM may end at once. Of many ranks that
// hear a signal, one should speak.
void CatchUserSignal(bool speak = true);

// Installs the handlers of SIGINT, SIGTERM, SIGUSR1 and SIGHUP, unless SIGHUP is ignored (nohup); once a process.
// Writes beyond the limit of a file's size become errors instead of ending the process.
void CatchStopSignals(bool speak = true);

// The signal that asked to stop, or 0.
int StopSignal();

// "SIGINT", "SIGTERM", ...; of another rank, where this one has had none.
const char* StopSignalName();

}  // namespace espalier

#endif  // ESPALIER_TRAINER_SIGNALS_H_
