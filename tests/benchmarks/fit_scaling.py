#!/usr/bin/python3
"""Measures what the scaling model's parameters of shared memory are fitted to: all-reduces of two ranks with a core
each, and plain copies, of 8 KB to 64 MB.

usage: fit_scaling.py [--benchmark PATH] [--rounds N] > docs/all_reduce_points.csv
then:  espalier scaling FILE --fit docs/all_reduce_points.csv

Prints lines ranks,bytes,seconds: medians, with one rank for a copy while the other core copies too.
"""
import argparse
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEGABYTES = [0.008192, 0.032768, 0.131072, 0.524288, 1, 2, 4, 8, 16, 32, 64]
ENVIRONMENT = {'OMPI_ALLOW_RUN_AS_ROOT': '1', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1', 'OMP_NUM_THREADS': '1'}


def measure(benchmark, megabytes, rounds):
    """Seconds of an all-reduce and of a copy."""
    command = ['mpirun', '-n', '2', '--bind-to', 'core', benchmark, '--megabytes', str(megabytes), '--bucket_mib', '0',
               '--rounds', str(rounds)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT,
                            env={**os.environ, **ENVIRONMENT})
    medians = dict(re.findall(r'^(RangeReduction|copy) +median +([\d.e-]+) ms', result.stdout, re.M))
    if result.returncode != 0 or len(medians) < 2:
        sys.exit(f'{" ".join(command)} failed:\n{result.stdout}{result.stderr}')
    return float(medians['RangeReduction']) / 1e3, float(medians['copy']) / 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--benchmark', default=os.path.join(ROOT, 'bazel-bin/parallel/all_reduce_benchmark'))
    parser.add_argument('--rounds', type=int, default=40)
    args = parser.parse_args()
    print('# tests/benchmarks/fit_scaling.py: two ranks with a core each; one rank: a copy, both cores copying')
    print('ranks,bytes,seconds')
    for megabytes in MEGABYTES:
        # A multiple of 16 elements, as the benchmark sums; with two ranks a rank sends as many bytes as are summed.
        size = int(megabytes * 1e6 / 4) // 16 * 64
        all_reduce_s, copy_s = measure(args.benchmark, megabytes, args.rounds if megabytes > 1 else 10 * args.rounds)
        print(f'2,{size},{all_reduce_s:.6g}\n1,{size},{copy_s:.6g}', flush=True)


if __name__ == '__main__':
    main()
