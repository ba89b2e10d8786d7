#!/usr/bin/python3
"""Accuracy against samples with a parameter server: synchronous, asynchronous and with bounded staleness, beside one
worker.

usage: parameter_server.py run --job lenet300 --data_dir DIR [--seeds 1 2 3] [--workers N] [--mode MODE] [--set P=V]
       parameter_server.py report [--doc docs/parameter_server.md]

`run` trains one run for each mode and seed below --out, skipping those that are complete. `report` puts a table for
each job found there between the marks <!-- results:begin --> and <!-- results:end --> of the document, and draws a
curve for each mode, the mean over its seeds, as parameter_server_JOB.svg beside it.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVER = 'parallel.data.parameter_server='
# In the order of the table. Mode: the method in the job's language; None: one rank, no server.
MODES = {
    'one worker': None,
    'synchronous': SERVER + '{synchronous {}}',
    'asynchronous': SERVER + '{asynchronous {}}',
    'asynchronous, push and fetch every 4': SERVER + '{asynchronous {push_every: 4 fetch_every: 4}}',
    'bounded staleness, 3': SERVER + '{bounded_staleness {staleness: 3}}',
}
# In the plot, whose legend has one line.
SHORT = {
    'one worker': 'one worker',
    'synchronous': 'sync',
    'asynchronous': 'async',
    'asynchronous, push and fetch every 4': 'async 4',
    'bounded staleness, 3': 'stale 3',
}
TRAINING_SAMPLES = {'lenet300': 60000, 'lenet5': 60000, 'resnet20': 50000}
# More ranks than cores, and root, are refused or slow without these.
ENVIRONMENT = {
    'OMPI_ALLOW_RUN_AS_ROOT': '1',
    'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1',
    'OMPI_MCA_rmaps_base_oversubscribe': '1',
    'OMPI_MCA_mpi_yield_when_idle': '1',
    'OMP_NUM_THREADS': '1',
}
BEGIN, END = '<!-- results:begin -->', '<!-- results:end -->'


def folder_of(mode):
    return re.sub(r'\W+', '_', mode)


def train(args, mode, seed):
    """Leaves the trainer's outputs in a folder and, once they are complete, a note beside it."""
    folder = os.path.join(args.out, args.job, folder_of(mode), f'seed-{seed}')
    note = folder + '.json'
    if os.path.exists(note):
        print(f'{folder}: complete')
        return
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    command = [args.trainer, '--config', args.job, '--data_dir', args.data_dir, '--output_dir', folder, '--overwrite',
               '--set', f'seed={seed}']
    for override in args.set:
        command += ['--set', override]
    ranks = 1
    if MODES[mode]:
        ranks = args.workers + 1
        command = ['mpirun', '-n', str(ranks), '--bind-to', 'none', *command, '--set', MODES[mode]]
    print(' '.join(command), flush=True)
    start = time.monotonic()
    with open(folder + '.log', 'w', encoding='utf-8') as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, check=False,
                              env={**os.environ, **ENVIRONMENT}).returncode
    if code != 0:
        sys.exit(f'exit code {code}: see {folder}.log')
    with open(note, 'w', encoding='utf-8') as file:
        json.dump({'seconds': time.monotonic() - start, 'ranks': ranks, 'command': command}, file)


def validations(folder):
    """(epoch, top-1) of every validation."""
    with open(os.path.join(folder, 'metrics.jsonl'), encoding='utf-8') as lines:
        records = [json.loads(line) for line in lines]
    return [(record['epoch'], record['top1']) for record in records if record['split'] == 'validation']


def runs_of(out, job, mode):
    """The notes of complete runs with their validations, by seed."""
    parent = os.path.join(out, job, folder_of(mode))
    runs = []
    for name in sorted(os.listdir(parent) if os.path.isdir(parent) else []):
        if not name.endswith('.json'):
            continue
        with open(os.path.join(parent, name), encoding='utf-8') as file:
            note = json.load(file)
        runs.append({**note, 'validations': validations(os.path.join(parent, name[:-len('.json')]))})
    return runs


def table_row(mode, runs):
    best = [100 * run['validations'][-1][1] for run in runs]
    deviation = f'{statistics.stdev(best):.2f}' if len(best) > 1 else ''
    ranks = runs[0]['ranks']
    return (f'| {mode} | {max(1, ranks - 1)} | {", ".join(f"{value:.2f}" for value in best)} | '
            f'{statistics.mean(best):.2f} | {deviation} | {statistics.median(run["seconds"] for run in runs):.0f} |')


def mean_curve(runs, samples):
    """(samples, mean top-1) over the validations that all runs have."""
    for points in zip(*(run['validations'] for run in runs)):
        yield points[0][0] * samples, statistics.mean(top1 for _, top1 in points)


def report_job(args, job):
    """The job's part of the document; draws its plot."""
    rows, csv = [], ['series,x,y']
    for mode in MODES:
        runs = runs_of(args.out, job, mode)
        if not runs:
            continue
        rows.append(table_row(mode, runs))
        csv += [f'"{SHORT[mode]}",{x:.0f},{y:.6f}' for x, y in mean_curve(runs, TRAINING_SAMPLES[job])]
    points = os.path.join(args.out, job, 'curves.csv')
    with open(points, 'w', encoding='utf-8') as file:
        file.write('\n'.join(csv) + '\n')
    name = f'parameter_server_{job}.svg'
    subprocess.run([args.espalier, 'chart', points, '--title', f'{job}: validation top-1', '--x_label', 'samples',
                    '--percent', '--svg', os.path.join(os.path.dirname(os.path.abspath(args.doc)), name)], check=True)
    head = ['| mode | workers | top-1 by seed, % | mean | deviation | seconds |', '|---|---|---|---|---|---|']
    return '\n'.join([f'### {job}', *head, *rows, '', f'![Validation top-1 against samples]({name})', ''])


def report(args):
    jobs = [job for job in TRAINING_SAMPLES if os.path.isdir(os.path.join(args.out, job))]
    if not jobs:
        sys.exit(f'no runs in {args.out}')
    with open(args.doc, encoding='utf-8') as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        sys.exit(f'{args.doc}: expected the marks {BEGIN} and {END}')
    parts = '\n'.join(report_job(args, job) for job in jobs)
    text = text[:text.index(BEGIN)] + BEGIN + '\n' + parts + text[text.index(END):]
    with open(args.doc, 'w', encoding='utf-8') as file:
        file.write(text)
    print(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', default=os.path.join(ROOT, 'out/parameter_server'))
    verbs = parser.add_subparsers(dest='verb', required=True)
    run = verbs.add_parser('run')
    run.add_argument('--job', choices=TRAINING_SAMPLES, required=True)
    run.add_argument('--data_dir', default=os.environ.get('ESPALIER_DATA_DIR', ''))
    run.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3])
    run.add_argument('--workers', type=int, default=2)
    run.add_argument('--mode', action='append', choices=MODES)
    run.add_argument('--set', action='append', default=[], metavar='PATH=VALUE')
    run.add_argument('--trainer', default=os.path.join(ROOT, 'bazel-bin/trainer/trainer'))
    write = verbs.add_parser('report')
    write.add_argument('--doc', default=os.path.join(ROOT, 'docs/parameter_server.md'))
    write.add_argument('--espalier', default=os.path.join(ROOT, 'bazel-bin/tools/espalier'))
    args = parser.parse_args()
    if args.verb == 'report':
        report(args)
        return
    # Seeds outside, so that an interrupted comparison has all modes of its first seeds.
    for seed in args.seeds:
        for mode in args.mode or MODES:
            train(args, mode, seed)


if __name__ == '__main__':
    main()
