#!/bin/bash
# espalier: mpirun for trainer
# Stands before Open MPI's mpirun in PATH and passes everything on to it. Where the program to run is `trainer`, it
# first sets, unless they are set already, the variables that let `mpirun -n 16 trainer --config ...` work as typed: by
# root, with more ranks than cores (which then give way to each other while they wait), and with hosts that cannot be
# reached noticed in seconds instead of minutes. Every other program runs just as it would without this file.
set -eu

# The next mpirun in PATH that is not this file.
find_mpirun() {
  local directory
  local IFS=:
  for directory in $PATH; do
    if [ -x "$directory/mpirun" ] && [ -f "$directory/mpirun" ] && ! [ "$directory/mpirun" -ef "$0" ] &&
      ! head -c 200 "$directory/mpirun" | grep -aq '^# espalier: mpirun for trainer$'; then
      echo "$directory/mpirun"
      return
    fi
  done
}

mpirun=$(find_mpirun)
if [ -z "$mpirun" ]; then
  echo "mpirun: found no other mpirun in PATH than $0: is Open MPI installed?" >&2
  exit 127
fi
for word in "$@"; do
  case $word in
    trainer | */trainer) ;;
    *) continue ;;
  esac
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT="${OMPI_ALLOW_RUN_AS_ROOT-1}"
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM-1}"
  fi
  export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe-1}"
  export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle-1}"
  export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time-2}"
  export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl-1}"
  export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes-3}"
  break
done
# Called by its name alone: with a path it would tell the daemons on other hosts where to look for Open MPI.
exec -a mpirun "$mpirun" "$@"
