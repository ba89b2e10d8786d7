#!/usr/bin/python3
"""Training speed of two ranks with a core each: against one rank, against PyTorch's DistributedDataParallel, and in
reproducible mode. Full steps of ResNet-20 on one in-memory batch, interleaved.

usage: ranks.py [--trainer PATH] [--rounds N] [--steps N] [--only TEXT]...

Each round runs every setting in turn. A setting's figure is the median over rounds; a ratio is the median of the
rounds' ratios, as the machine's speed drifts, with the least and the greatest beside it. PyTorch's figure is that of
its better mode: buffers broadcast or not, both channels-last. Needs two free cores, mpirun, and Debian's python3-torch.
Prints Markdown tables.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Without these mpirun refuses to run as root.
ROOT_MAY_RUN = {'OMPI_ALLOW_RUN_AS_ROOT': '1', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1'}
REPRODUCIBLE = ['--set', 'parallel.reproducible.shards=16']
# name: ranks, threads a rank, batch of all ranks, further flags
SETTINGS = {
    'one rank, two threads, 128': (1, 2, 128, []),
    'one rank, one thread, 64': (1, 1, 64, []),
    'two ranks, one thread each, 128': (2, 1, 128, []),
    'two ranks, reproducible, 128': (2, 1, 128, REPRODUCIBLE),
}
# name: further flags
TORCH_SETTINGS = {
    'PyTorch, two processes, 128': [],
    'PyTorch, two processes, 128, own buffers': ['--keep_buffers'],
}
# what, numerator, denominators (the fastest counts), asked
RATIOS = [
    ('two ranks against two threads', 'two ranks, one thread each, 128', ['one rank, two threads, 128'], 0.97),
    ('weak scaling, 64 a rank', 'two ranks, one thread each, 128', ['one rank, one thread, 64'], 1.9),
    ('two ranks against DistributedDataParallel', 'two ranks, one thread each, 128', list(TORCH_SETTINGS), 1.3),
    ('reproducible against default, two ranks', 'two ranks, reproducible, 128', ['two ranks, one thread each, 128'],
     0.85),
]


def images_per_s(command, threads):
    environment = {**os.environ, **ROOT_MAY_RUN, 'OMP_NUM_THREADS': str(threads)}
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False,
                            env=environment)
    found = re.search(r'^images_per_s: ([\d.]+)', result.stdout, re.M)
    if result.returncode != 0 or not found:
        sys.exit(f'{" ".join(command)} failed:\n{result.stdout}{result.stderr}')
    return float(found.group(1))


def ours(trainer, steps, ranks, threads, batch, flags):
    """A core for each thread, whatever the number of ranks."""
    command = [trainer, '--config', 'configs/resnet20.pbtxt', '--set', f'data.batch_size={batch}', '--benchmark_steps',
               str(steps), *flags]
    if ranks > 1:
        command = ['mpirun', '-n', str(ranks), '--bind-to', 'core', *command]
    else:
        cores = sorted(os.sched_getaffinity(0))[:threads]
        command = ['taskset', '-c', ','.join(map(str, cores)), *command]
    return images_per_s(command, threads)


def theirs(steps, flags):
    script = os.path.join(HERE, 'torch_distributed_baseline.py')
    command = ['/usr/bin/python3', script, 'resnet20', '--batch', '128', '--steps', str(steps), '--ranks', '2',
               '--channels_last', *flags]
    return images_per_s(command, 1)


def measure(args, names):
    """Images a second by setting: one figure a round."""
    rates = {name: [] for name in names}
    for _ in range(args.rounds):
        for name in names:
            if name in SETTINGS:
                rates[name].append(ours(args.trainer, args.steps, *SETTINGS[name]))
            else:
                rates[name].append(theirs(args.steps, TORCH_SETTINGS[name]))
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--trainer', default=os.path.join(ROOT, 'bazel-bin/trainer/trainer'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--steps', type=int, default=16)
    parser.add_argument('--only', action='append', help='ratios whose name contains this')
    args = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit('expected two cores: with one, two ranks cannot be compared with anything')
    ratios = [r for r in RATIOS if not args.only or any(part in r[0] for part in args.only)]
    wanted = {name for _, above, below, _ in ratios for name in [above, *below]}
    rates = measure(args, [name for name in [*SETTINGS, *TORCH_SETTINGS] if name in wanted])
    print('| ResNet-20 F32: setting, batch of all ranks | images/s | least | greatest |\n|---|---|---|---|')
    for name, values in rates.items():
        print(f'| {name} | {statistics.median(values):.0f} | {min(values):.0f} | {max(values):.0f} |')
    print('\n| ratio | measured | least | greatest | asked |\n|---|---|---|---|---|')
    for what, above, below, asked in ratios:
        fastest = max(below, key=lambda name: statistics.median(rates[name]))
        values = [x / y for x, y in zip(rates[above], rates[fastest])]
        print(f'| {what} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} | {asked} |')


if __name__ == '__main__':
    main()
