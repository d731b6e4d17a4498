#!/usr/bin/env python3
"""Holds unnasim's values against PyTorch's.

Builds networks in PyTorch with random weights, exports each with torch.onnx, lets `unnasim
simulate --functional` execute the file's instructions on the same input, and compares the outputs.
Nothing is shared between the two sides but the ONNX file and the .npy files.

Debian: apt-get install python3-torch python3-numpy. Run from the root of the tree:

    scripts/cross_check.py                        # all networks, fp32, 1, 4 and 16 cores
    scripts/cross_check.py --cores 4 squeezenet   # one

Exit code 1 where an output differs by more than the tolerance.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 1e-4  # of the output's largest magnitude: fp32, sums in another order


def conv_norm(inputs, outputs, kernel, stride=1, groups=1):
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class InvertedResidual(nn.Module):
    """Sandler et al., MobileNetV2, CVPR 2018."""

    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = []
        if expansion > 1:
            layers += conv_norm(inputs, hidden, 1) + [nn.ReLU6()]
        layers += conv_norm(hidden, hidden, 3, stride, hidden) + [nn.ReLU6()]
        layers += conv_norm(hidden, outputs, 1)
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


def mobilenet_v2():
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)]
    layers = conv_norm(3, 32, 3, 2) + [nn.ReLU6()]
    channels = 32
    for expansion, outputs, count, stride in rows:
        for i in range(count):
            layers.append(InvertedResidual(channels, outputs, stride if i == 0 else 1, expansion))
            channels = outputs
    layers += conv_norm(channels, 1280, 1) + [nn.ReLU6()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers), (1, 3, 224, 224)


class Residual(nn.Module):
    """He et al., CVPR 2016."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.layers = nn.Sequential(*conv_norm(inputs, outputs, 3, stride), nn.ReLU(),
                                    *conv_norm(outputs, outputs, 3))
        plain = stride == 1 and inputs == outputs
        self.skip = nn.Identity() if plain else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))

    def forward(self, x):
        return torch.relu(self.layers(x) + self.skip(x))


def resnet18():
    layers = conv_norm(3, 64, 7, 2) + [nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for outputs, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
                            (512, 1)]:
        layers.append(Residual(channels, outputs, stride))
        channels = outputs
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    return nn.Sequential(*layers), (1, 3, 224, 224)


class Fire(nn.Module):
    """Iandola et al., SqueezeNet, 2016."""

    def __init__(self, inputs, squeezed, expanded):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.one = nn.Conv2d(squeezed, expanded, 1)
        self.three = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.one(x)), torch.relu(self.three(x))], 1)


def squeezenet():
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)  # noqa: E731
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(), Fire(64, 16, 64), Fire(128, 16, 64), pool(),
        Fire(128, 32, 128), Fire(256, 32, 128), pool(), Fire(256, 48, 192), Fire(384, 48, 192),
        Fire(384, 64, 256), Fire(512, 64, 256), nn.Conv2d(512, 1000, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten()), (1, 3, 224, 224)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 96, 2, bidirectional=True)
        self.head = nn.Linear(192, 32)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


def lstm():
    return Recurrent(), (12, 3, 64)


class EncoderLayer(nn.Module):
    """Vaswani et al., NeurIPS 2017; norm first."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        each = width // self.heads
        split = lambda t: t.reshape(batch, length, self.heads, each).transpose(1, 2)  # noqa: E731
        y = self.first(x)
        q, k, v = split(self.query(y)), split(self.key(y)), split(self.value(y))
        weights = torch.softmax(q @ k.transpose(2, 3) / each**0.5, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))
        return x + self.down(nn.functional.gelu(self.up(self.second(x))))


def transformer():
    return nn.Sequential(*(EncoderLayer(256, 4) for _ in range(2)), nn.LayerNorm(256)), (2, 48, 256)


NETWORKS = {f.__name__: f for f in (mobilenet_v2, resnet18, squeezenet, lstm, transformer)}


def randomise(network):
    """Statistics and scales of norms are trivial in a fresh network."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.1, 0.1)
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)


def execute(unnasim, model, data, cores, directory):
    subprocess.run(
        unnasim + ["simulate", str(model), "--cores", str(cores), "--functional", "--check",
                   "--perturb", "0", "--planner", "bfc", "--set", "data_type=fp32", "--input",
                   f"x={data}", "--output-dir", str(directory), "--output", str(directory / "run")],
        check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return numpy.load(directory / "y.npy")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="network", help=", ".join(NETWORKS))
    parser.add_argument("--cores", default="1,4,16", help="comma-separated (default: 1,4,16)")
    parser.add_argument("--unnasim", help="the program (default: ./dev run)")
    arguments = parser.parse_args()
    for name in arguments.networks:
        if name not in NETWORKS:
            parser.error(f"no network {name}, expected one of {', '.join(NETWORKS)}")
    unnasim = [arguments.unnasim] if arguments.unnasim else [str(ROOT / "dev"), "run"]
    warnings.filterwarnings("ignore")

    print(f"PyTorch {torch.__version__}, fp32")
    print(f"{'network':<14} {'cores':>5} {'elements':>9} {'largest':>10} {'error':>10} {'relative':>10}")
    failed = False
    for name in arguments.networks or NETWORKS:
        torch.manual_seed(1)
        network, shape = NETWORKS[name]()
        randomise(network)
        network.eval()
        x = torch.randn(shape)
        with torch.no_grad():
            expected = network(x).numpy()
        with tempfile.TemporaryDirectory() as temporary:
            directory = pathlib.Path(temporary)
            model, data = directory / f"{name}.onnx", directory / "x.npy"
            torch.onnx.export(network, x, str(model), opset_version=13, input_names=["x"],
                              output_names=["y"])
            numpy.save(data, x.numpy())
            for cores in map(int, arguments.cores.split(",")):
                got = execute(unnasim, model, data, cores, directory)
                if got.shape != expected.shape:
                    sys.exit(f"{name}: shape {got.shape}, PyTorch has {expected.shape}")
                largest = numpy.abs(expected).max()
                error = numpy.abs(got - expected).max()
                wrong = not error <= TOLERANCE * largest
                failed = failed or wrong
                print(f"{name:<14} {cores:>5} {got.size:>9} {largest:>10.3g} {error:>10.2g} "
                      f"{error / largest:>10.2g}{'  differs' if wrong else ''}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
