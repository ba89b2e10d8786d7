#!/usr/bin/python3
"""Training speed and memory against PyTorch on this machine: full steps on one in-memory batch, interleaved.

usage: compare.py [--trainer PATH] [--rounds N] [--only NAME]...

Each round runs our trainer and each of PyTorch's modes (NCHW and channels-last, 1 and 2 threads) in turn; a case's
figure is the median over rounds, theirs that of their best mode. Needs Debian's python3-torch. Prints a Markdown table.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# name, config, batch, steps, bf16, asked ratio
CASES = [
    ('LeNet-300-100 F32', 'lenet300', 64, 200, False, 4),
    ('LeNet-5 F32', 'lenet5', 64, 50, False, 4),
    ('ResNet-20 F32', 'resnet20', 128, 8, False, 1.3),
    ('ResNet-20 BF16', 'resnet20', 128, 8, True, 1.5),
    ('ResNet-18 (3x3 stem) F32', 'resnet18_cifar', 128, 3, False, 1.2),
    ('ResNet-18 (3x3 stem) BF16', 'resnet18_cifar', 128, 3, True, 1.17),
]


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if result.returncode != 0:
        sys.exit(f'{" ".join(command)} failed:\n{result.stderr}')
    return {key: float(value) for key, value in re.findall(r'^(images_per_s|peak_mb): ([\d.]+)', result.stdout, re.M)}


def ours(trainer, config, batch, steps, bf16):
    command = [trainer, '--config', f'configs/{config}.pbtxt', '--set', f'data.batch_size={batch}', '--benchmark_steps',
               str(steps)]
    return run(command + (['--set', 'precision.compute=BF16'] if bf16 else []))


def theirs(config, batch, steps, bf16, mode):
    command = ['/usr/bin/python3', os.path.join(HERE, 'torch_baseline.py'), config, '--batch', str(batch), '--steps',
               str(steps), '--threads', str(mode[1])]
    return run(command + (['--channels_last'] if mode[0] else []) + (['--bf16'] if bf16 else []))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--trainer', default=os.path.join(ROOT, 'bazel-bin/trainer/trainer'))
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--only', action='append', help='cases whose name contains this')
    args = parser.parse_args()
    modes = [(last, threads) for threads in (2, 1) for last in (True, False)]
    print('| network | theirs, images/s (mode) | ours, images/s | ratio | asked | their peak MB | our peak MB |')
    print('|---|---|---|---|---|---|---|')
    for name, config, batch, steps, bf16, asked in CASES:
        if args.only and not any(part in name for part in args.only):
            continue
        mine, other = [], {mode: [] for mode in modes}
        for _ in range(args.rounds):
            mine.append(ours(args.trainer, config, batch, steps, bf16))
            for mode in modes:
                if mode[1] == 2 or config.startswith('lenet'):  # one thread never wins on the large networks
                    other[mode].append(theirs(config, batch, steps, bf16, mode))
        def median(runs, key):
            return statistics.median(r[key] for r in runs)
        best = max((mode for mode in modes if other[mode]), key=lambda m: median(other[m], 'images_per_s'))
        x, y = median(mine, 'images_per_s'), median(other[best], 'images_per_s')
        label = ('channels-last' if best[0] else 'NCHW') + f', {best[1]} threads'
        print(f'| {name}, {batch} | {y:.0f} ({label}) | {x:.0f} | {x / y:.2f} | {asked} | '
              f'{median(other[best], "peak_mb"):.0f} | {median(mine, "peak_mb"):.0f} |', flush=True)


if __name__ == '__main__':
    main()
