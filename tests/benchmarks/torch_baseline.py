#!/usr/bin/python3
"""Full training steps of the shipped networks in PyTorch (Debian's python3-torch), on one in-memory batch.

usage: torch_baseline.py NETWORK --batch N --steps N [--bf16] [--threads N] [--channels_last]
prints `images_per_s: X` (the median over steps, after 3 warm-up steps) and `peak_mb: X`.
"""
import argparse
import resource
import statistics
import time

import torch
from torch import nn


def conv_bn(inputs, outputs, kernel, stride=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(*conv_bn(inputs, outputs, 3, stride), nn.ReLU(inplace=True),
                                  *conv_bn(outputs, outputs, 3))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Sequential() if same else nn.Sequential(*conv_bn(inputs, outputs, 1, stride))

    def forward(self, x):
        return torch.relu_(self.body(x) + self.shortcut(x))


def resnet(widths, blocks):
    layers = [*conv_bn(3, widths[0], 3), nn.ReLU(inplace=True)]
    inputs = widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks):
            layers.append(Residual(inputs, width, 2 if stage > 0 and block == 0 else 1))
            inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))


NETWORKS = {
    'lenet300': ((1, 28, 28), lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100),
                                                    nn.ReLU(), nn.Linear(100, 10))),
    'lenet5': ((1, 28, 28), lambda: nn.Sequential(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5),
                                                  nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 500), nn.ReLU(),
                                                  nn.Linear(500, 10))),
    'resnet20': ((3, 32, 32), lambda: resnet([16, 32, 64], 3)),
    'resnet18_cifar': ((3, 32, 32), lambda: resnet([64, 128, 256, 512], 2)),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('network', choices=NETWORKS)
    parser.add_argument('--batch', type=int, default=128)
    parser.add_argument('--steps', type=int, default=10)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--bf16', action='store_true')
    parser.add_argument('--channels_last', action='store_true')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    shape, make = NETWORKS[args.network]
    model = make()
    images, labels = torch.randn(args.batch, *shape), torch.randint(0, 10, (args.batch,))
    if args.channels_last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    seconds = []
    for step in range(args.steps + 3):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=args.bf16):
            loss = nn.functional.cross_entropy(model(images).float(), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        if step >= 3:
            seconds.append(time.perf_counter() - start)
    print(f'images_per_s: {args.batch / statistics.median(seconds):.1f}')
    print(f'peak_mb: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}')


if __name__ == '__main__':
    main()
