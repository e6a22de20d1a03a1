# SPDX-License-Identifier: Apache-2.0
"""Makes the modules that the tests run, with random weights: make_modules.py FOLDER"""
import json
import math
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(1)


class Net(nn.Module):  # the one of docs/networks.md
    def __init__(self, d=2, width=32, depth=3, n=8):
        super().__init__()
        self.register_buffer("freq", torch.randn(n))
        self.l = nn.ModuleList(nn.Linear(width if i else d, width) for i in range(depth))
        self.u = nn.ModuleList(nn.Linear(2 * n, width, bias=False) for _ in range(depth))
        self.o = nn.Linear(width, d)

    def forward(self, h, t):
        a = 2 * math.pi * t[:, None] * self.freq
        e = torch.cat([a.sin(), a.cos()], 1)
        for l, u in zip(self.l, self.u):
            h = F.silu(l(h) + u(e))
        return self.o(h)


def embedding(t, n: int):
    a = t[:, None] * torch.exp(torch.linspace(0.0, 6.0, n // 2, device=t.device))
    return torch.cat([a.sin(), a.cos()], 1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, features):
        super().__init__()
        self.norm, self.time = nn.GroupNorm(4, inputs), nn.Linear(features, outputs)
        self.one = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.two = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, e):
        h = self.one(F.silu(self.norm(x))) + self.time(e)[:, :, None, None]
        return self.skip(x) + self.two(F.silu(h))


class UNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.enter = nn.Conv2d(3, width, 3, padding=1)
        self.down, self.middle = Block(width, 2 * width, 32), Block(2 * width, 2 * width, 32)
        self.up = Block(3 * width, width, 32)
        self.leave = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x, t):
        e = embedding(t, 32)
        wide = self.enter(x)
        deep = self.middle(self.down(F.avg_pool2d(wide, 2), e), e)
        deep = F.interpolate(deep, scale_factor=2.0, mode="nearest")
        return self.leave(self.up(torch.cat([deep, wide], 1), e))


class Transformer(nn.Module):
    def __init__(self, width=32, depth=2):
        super().__init__()
        self.enter = nn.Conv2d(3, width, 4, stride=4)
        self.place = nn.Parameter(torch.randn(1, 64, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 64, batch_first=True, norm_first=True) for _ in range(depth)
        )
        self.leave = nn.ConvTranspose2d(width, 3, 4, stride=4)

    def forward(self, x, t):
        h = self.enter(x).flatten(2).transpose(1, 2) + self.place + embedding(t, 32)[:, None]
        for layer in self.layers:
            h = layer(h)
        return self.leave(h.transpose(1, 2).unflatten(2, (8, 8)))


class Chain(nn.Module):  # told an index, which it looks up
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(1000, 2)

    def forward(self, x, t):
        return 0.1 * x + self.table(t)


class Says(nn.Module):  # what it is told, in every component
    def forward(self, x, t):
        return t[:, None].expand_as(x)


class Alone(nn.Module):  # not told anything, and working in place, in double
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def forward(self, x):
        return x.mul_(self.factor)


class Throws(nn.Module):
    def forward(self, x, t):
        if bool(t[0] < 0.5):
            raise ValueError("no noise, no answer")
        return x


class Tuple(nn.Module):
    def forward(self, x, t):
        return x, t


class Wider(nn.Module):  # as a network that learns variances besides
    def forward(self, x, t):
        return torch.cat([x, x], 1)


class Integer(nn.Module):
    def forward(self, x, t):
        return x.to(torch.int32)


class Labelled(nn.Module):
    def forward(self, x, t, label):
        return x + label


class Blind(nn.Module):  # not a number for the second sample, below t = 0.5
    def forward(self, x, t):
        row = torch.arange(x.shape[0], device=x.device)[:, None]
        return torch.where((row == 1) & (t[:, None] < 0.5), x * float("nan"), x)


def save(name, module, trace=None, **said):
    module.eval()
    made = torch.jit.script(module) if trace is None else torch.jit.trace(module, trace, check_trace=False)
    notes = {"retrace.json": json.dumps(said)} if said else {}
    torch.jit.save(made, str(folder / f"{name}.pt"), _extra_files=notes)
    return module


def save_safetensors(name, tensors):
    header, data = {}, b""
    for key, tensor in tensors.items():
        raw = tensor.numpy().astype("<f4").tobytes()
        header[key] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / f"{name}.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)


times = [1.0, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.01]


def ddim(net, x):  # on vp
    def level(t):
        alpha = math.exp(-0.25 * t * t * 19.9 - 0.05 * t)
        return alpha, math.sqrt(1 - alpha * alpha)

    for s, t in zip(times, times[1:]):
        (a, b), (alpha, sigma) = level(s), level(t)
        noise = net(x, torch.full((len(x),), s))
        x = alpha * (x - b * noise) / a + sigma * noise
    return x


with torch.no_grad():
    net = save("mlp", Net(), prediction="noise", sde="vp", shape=[2])
    save_safetensors("mlp", net.state_dict())
    save("mlp_bare", net)
    save("mlp_f64", Net().double(), prediction="noise", sde="vp", shape=[2])

    x = torch.randn(5, 3, 32, 32)
    np.save(folder / "start.npy", x.flatten(1).numpy())
    images = dict(prediction="noise", sde="vp", shape=[3, 32, 32])
    unet = save("unet", UNet(), **images)
    transformer = save("transformer", Transformer(), (x, torch.ones(len(x))), **images)
    np.save(folder / "unet.npy", ddim(unet, x).flatten(1).numpy())
    np.save(folder / "transformer.npy", ddim(transformer, x).flatten(1).numpy())

    pairs = dict(prediction="noise", sde="vp", shape=[2])
    save("chain", Chain(), prediction="noise", conditioning="index", sde="ddpm", shape=[2])
    for name, module in dict(says=Says(), alone=Alone(), throws=Throws(), tuple=Tuple(), wider=Wider(),
                             integer=Integer(), labelled=Labelled(), blind=Blind()).items():
        save(name, module, **pairs)
    save("misspelt", Says(), predicts="noise", shape=[2])
    torch.save(net.state_dict(), folder / "state_dict.pt")
