#!/usr/bin/python3
"""Full training steps in PyTorch's DistributedDataParallel (gloo, Debian's python3-torch), one thread and one core a
process, each on its part of one in-memory batch.

usage: torch_distributed_baseline.py NETWORK --batch N --steps N [--ranks N] [--channels_last] [--keep_buffers]
prints `images_per_s: X`: the whole batch over the median over steps, after 3 warm-up steps. A step ends when all ranks
have ended it.

--keep_buffers leaves the running statistics of batch norm to each rank (broadcast_buffers=False), which is faster.
"""
import argparse
import os
import socket
import statistics
import time

import torch
from torch import distributed, multiprocessing, nn

from torch_baseline import NETWORKS

WARM_UP = 3


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def train(rank, args, port):
    # One core each, as `mpirun --bind-to core` gives.
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=args.ranks)
    torch.manual_seed(1)
    shape, make = NETWORKS[args.network]
    model = make()
    rows = args.batch * (rank + 1) // args.ranks - args.batch * rank // args.ranks
    images, labels = torch.randn(rows, *shape), torch.randint(0, 10, (rows,))
    if args.channels_last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    model = nn.parallel.DistributedDataParallel(model, broadcast_buffers=not args.keep_buffers,
                                                gradient_as_bucket_view=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    seconds = []
    for step in range(args.steps + WARM_UP):
        distributed.barrier()
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        spent = torch.tensor(time.perf_counter() - start)
        distributed.all_reduce(spent, distributed.ReduceOp.MAX)
        if step >= WARM_UP:
            seconds.append(spent.item())
    if rank == 0:
        print(f'images_per_s: {args.batch / statistics.median(seconds):.1f}', flush=True)
    distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('network', choices=NETWORKS)
    parser.add_argument('--batch', type=int, default=128, help='of all ranks together')
    parser.add_argument('--steps', type=int, default=10)
    parser.add_argument('--ranks', type=int, default=2)
    parser.add_argument('--channels_last', action='store_true')
    parser.add_argument('--keep_buffers', action='store_true')
    args = parser.parse_args()
    multiprocessing.spawn(train, (args, free_port()), nprocs=args.ranks)


if __name__ == '__main__':
    main()
