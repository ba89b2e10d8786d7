"""Prints what TensorBoard's own reader finds in a directory of event files, one figure per line.

    tensorboard_read.py DIRECTORY
"""

import sys

from tensorboard.backend.event_processing import event_accumulator


def main():
    reader = event_accumulator.EventAccumulator(
        sys.argv[1],
        size_guidance={event_accumulator.SCALARS: 0, event_accumulator.HISTOGRAMS: 0, event_accumulator.TENSORS: 0},
    )
    reader.Reload()
    for tag in reader.Tags()["scalars"]:
        for event in reader.Scalars(tag):
            print("scalar", tag, event.step, repr(event.value))
    for tag in reader.Tags()["histograms"]:
        for event in reader.Histograms(tag):
            value = event.histogram_value
            filled = [(limit, count) for limit, count in zip(value.bucket_limit, value.bucket) if count]
            print("histogram", tag, event.step, value.num, value.min, value.max, value.sum, *filled)


main()
