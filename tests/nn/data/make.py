# SPDX-License-Identifier: Apache-2.0
"""Makes the networks beside this file with PyTorch, and what PyTorch says of them.

    python3 tests/nn/data/make.py        # needs torch and safetensors; made with torch 2.15

`snippet.safetensors` is of the class in docs/networks.md, as it stands there; the others are of Net below, which has what
that one leaves out. Weights are those of torch's own initialisation, float32. `outputs.safetensors` has for each of them
NAME/x [k, d], NAME/t [k], NAME/y [m] where it is conditioned, and NAME/out [k, d], evaluated in double.
"""
import math, os, re, tempfile
from pathlib import Path

import torch
import torch.nn as nn
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
WIDTH, DEPTH, N = 16, 3, 3
ACTIVATIONS = {"silu": nn.functional.silu, "gelu": nn.functional.gelu, "softplus": nn.functional.softplus,
               "tanh": torch.tanh, "relu": torch.relu}


def snippet_network():
    """Net() of the snippet in docs/networks.md, smaller."""
    text = (HERE.parents[2] / "docs" / "networks.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.S).group(1)
    names, before = {}, os.getcwd()
    with tempfile.TemporaryDirectory() as folder:  # it saves a network of its own
        os.chdir(folder)
        exec(code, names)
        os.chdir(before)
    return names["Net"](d=2, width=WIDTH, depth=DEPTH, n=N)


class Net(nn.Module):
    def __init__(self, d, activation, residual=False, conditions=0, scale=False, first_layer=False):
        super().__init__()
        self.activation, self.residual = ACTIVATIONS[activation], residual
        seeing = 1 if first_layer else DEPTH
        self.register_buffer("freq", 2 * torch.randn(N))
        self.l = nn.ModuleList(nn.Linear(WIDTH if i else d, WIDTH) for i in range(DEPTH))
        self.u = nn.ModuleList(nn.Linear(2 * N, WIDTH, bias=False) for _ in range(seeing))
        if conditions:
            self.c = nn.ModuleList(nn.Linear(conditions, WIDTH, bias=False) for _ in range(seeing))
        self.o = nn.Linear(WIDTH, d)
        if scale:
            self.scale = nn.Parameter(0.5 + torch.rand(d))

    def forward(self, x, t, y=None):
        a = 2 * math.pi * t[:, None] * self.freq
        e = torch.cat([a.sin(), a.cos()], 1)
        h = x
        for i, l in enumerate(self.l):
            z = l(h)
            if i < len(self.u):
                z = z + self.u[i](e)
                if y is not None:
                    z = z + self.c[i](y)
            z = self.activation(z)
            h = h + z if self.residual and i > 0 else z
        f = self.o(h)
        return self.scale * f if hasattr(self, "scale") else f


def main():
    torch.manual_seed(7)
    cases = {"snippet": (snippet_network(), 2, None, {})}
    for activation in ACTIVATIONS:
        cases[activation] = (Net(3, activation), 3, None, {"activation": activation})
    cases["residual"] = (Net(2, "gelu", residual=True), 2, None, {"activation": "gelu", "skip": "residual"})
    cases["class"] = (Net(2, "silu", conditions=3, first_layer=True), 2, [0.0, 0.0, 1.0], {"condition": "class"})
    cases["vector"] = (Net(3, "tanh", conditions=2, scale=True), 3, [0.5, -1.25],
                       {"activation": "tanh", "condition": "vector"})
    outputs = {}
    for name, (net, d, y, metadata) in cases.items():
        save_file({k: v.contiguous() for k, v in net.state_dict().items()}, HERE / f"{name}.safetensors",
                  {"prediction": "noise", "sde": "vp", **metadata})
        net = net.double()
        x, t = torch.randn(5, d).double(), torch.tensor([0.001, 0.1, 0.25, 0.5, 0.975]).double()
        with torch.no_grad():
            if y is None:
                out = net(x, t)
            else:
                outputs[f"{name}/y"] = torch.tensor(y).double()
                out = net(x, t, outputs[f"{name}/y"].expand(5, -1))
        outputs.update({f"{name}/x": x, f"{name}/t": t, f"{name}/out": out})
    save_file(outputs, HERE / "outputs.safetensors")


main()
