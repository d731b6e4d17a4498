#!/usr/bin/env python3
"""What a few signals save (docs/planning.md, "Few waits"): bench/waits.py <unnasim> [network ...].

For each network on 4 and 16 cores, layer by layer with whole tensors: the least peak that the
program's own synchronisation allows, the least with added signals, and their cycles; and those of
the program whose cores meet after each layer.
"""

import csv
import io
import math
import subprocess
import sys

NETWORKS = ("alexnet blazeface deeplab_v3 densenet121 efficientnet_b0 googlenet inception_v3 mobilenet_v1 "
            "mobilenet_v2 resnet18 resnet50 squeezenet1_1 transformer_encoder vgg16").split()
CORES = (4, 16)


def rows(program, network, cores):
    command = [program, "plan", network, "--cores", str(cores), "--granularity", "tensor", "--objective", "peak,waits",
               "--perturb", "0", "--quiet", "--csv", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(io.StringIO(text)))


def main():
    program, networks = sys.argv[1], sys.argv[2:] or NETWORKS
    print(f"{'network':20} {'cores':>5} {'no waits':>12} {'few waits':>12} {'less':>7} {'signals':>8} "
          f"{'cycles':>9} {'barriers':>12} {'cycles':>9}")
    for cores in CORES:
        logarithm = 0.0
        for network in networks:
            table = rows(program, network, cores)
            first, last, barriers = table[0], table[-2], table[-1]
            ratio = int(last["peak"]) / int(first["peak"])
            logarithm += math.log(ratio)
            print(f"{network:20} {cores:5} {int(first['peak']):12,} {int(last['peak']):12,} "
                  f"{100 * (1 - ratio):5.1f} % {last['signals']:>8} {100 * float(last['slowdown']):+7.2f} % "
                  f"{int(barriers['peak']):12,} {100 * float(barriers['slowdown']):+7.2f} %",
                  flush=True)
        mean = math.exp(logarithm / len(networks))
        print(f"{'geometric mean':20} {cores:5} {'':12} {'':12} {100 * (1 - mean):5.1f} %", flush=True)


if __name__ == "__main__":
    main()
