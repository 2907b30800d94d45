"""The training loop: mixed precision, averaging of weights, resume after a kill, progress."""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from viewer.analysis.recipe import Loop
from viewer.core.atomic import replacing
from viewer.core.task import Cancelled, CancelToken, OnProgress, Progress, ignore_progress

_log = logging.getLogger(__name__)

#: Checkpoints are written this often (seconds), so a kill costs little.
_SAVE_SECONDS = 60.0
#: Share of steps with a rising learning rate.
_WARM_UP = 0.05

Loss = Callable[[nn.Module, int], Tensor]
Judge = Callable[[nn.Module], dict[str, float]]


@dataclass
class Curve:
    """What the loop saw: (step, loss) and (step, measures)."""

    losses: list[tuple[int, float]] = field(default_factory=list)
    measures: list[tuple[int, dict[str, float]]] = field(default_factory=list)


def device() -> torch.device:
    """A CUDA card when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def low_precision(where: torch.device, wanted: str = "auto") -> bool:
    """True when bfloat16 products pay: a GPU, or a CPU with AMX tiles."""
    if wanted != "auto":
        return wanted == "bf16"
    if where.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    probe = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(probe()) if probe is not None else False


class Trainer:
    """Runs one network through its steps.

    Args:
        net: the network; trained in place.
        loss: called with the network and a step number, returns the step's loss. The step number
            alone must fix the batch, so that a resumed run sees the batches a whole run sees.
        config: steps, rates, seeds.
        folder: checkpoint and curve live here.
        judge: measures the averaged network every `judge_every` steps.
    """

    def __init__(self, net: nn.Module, loss: Loss, config: Loop, folder: Path, judge: Judge | None = None) -> None:
        self.where = device()
        self.net = net.to(self.where)
        self.average = copy.deepcopy(self.net).requires_grad_(False).eval()
        self.loss, self.config, self.folder, self.judge = loss, config, folder, judge
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step = 0
        self.curve = Curve()
        self.best: tuple[float, int] = (-math.inf, 0)
        self.best_state: dict[str, Tensor] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def run(self, on_progress: OnProgress = ignore_progress, cancel: CancelToken | None = None) -> nn.Module:
        """Train to the end (or patience) and return the averaged network in eval mode."""
        try:
            self._steps(on_progress, cancel)
        except Cancelled:
            self._save()
            raise
        self._save()
        if self.best_state is not None:
            self.average.load_state_dict(self.best_state)
        return self.average.eval()

    def _steps(self, on_progress: OnProgress, cancel: CancelToken | None) -> None:
        begun, first, saved = time.monotonic(), self.step, time.monotonic()
        while self.step < self.config.steps and not self._out_of_patience():
            if cancel is not None:
                cancel.check()
            self._one_step()
            if self.config.judge_every and self.step % self.config.judge_every == 0:
                self._judge()
            if time.monotonic() - saved > _SAVE_SECONDS:
                self._save()
                saved = time.monotonic()
            pace = (time.monotonic() - begun) / (self.step - first)
            left = (self.config.steps - self.step) * pace
            on_progress(Progress("Training", self.step / self.config.steps, left))

    def _one_step(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * rate(self.step, self.config.steps)
        self.net.train()
        with torch.autocast(self.where.type, torch.bfloat16, enabled=low_precision(self.where, self.config.precision)):
            loss = self.loss(self.net, self.step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self._follow()
        self.curve.losses.append((self.step, float(loss.detach())))

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged network: exponential, faster at the start."""
        keep = min(self.config.ema, (1 + self.step) / (10 + self.step))
        for ours, theirs in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if ours.dtype.is_floating_point:
                ours.lerp_(theirs.detach(), 1 - keep)
            else:
                ours.copy_(theirs)

    def _judge(self) -> None:
        if self.judge is None:
            return
        measures = self.judge(self.average.eval())
        self.curve.measures.append((self.step, measures))
        _log.info("step %d loss %.4f %s", self.step, self.recent_loss(), measures)
        score = measures.get(self.config.better)
        if score is not None and score > self.best[0]:
            self.best = (score, self.step)
            if self.config.patience:
                self.best_state = copy.deepcopy(self.average.state_dict())

    def recent_loss(self) -> float:
        """Mean loss of the last 50 steps."""
        recent = [v for _, v in self.curve.losses[-50:]]
        return sum(recent) / max(1, len(recent))

    def _out_of_patience(self) -> bool:
        wait = self.config.patience
        return bool(wait) and self.step - self.best[1] > wait and self.best[1] > 0

    def _save(self) -> None:
        state = {
            "step": self.step, "net": self.net.state_dict(), "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(), "best": list(self.best), "best_state": self.best_state,
            "losses": self.curve.losses, "measures": self.curve.measures, "random": self._random_states(),
        }  # fmt: skip
        with replacing(self._checkpoint) as part:
            torch.save(state, part)
        curve = {"losses": self.curve.losses, "measures": self.curve.measures}
        (self.folder / "curve.json").write_text(json.dumps(curve), encoding="utf-8")

    def _resume(self) -> None:
        if not self._checkpoint.is_file():
            return
        state = torch.load(self._checkpoint, map_location=self.where, weights_only=True)
        self.step = int(state["step"])
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best = (float(state["best"][0]), int(state["best"][1]))
        self.best_state = state["best_state"]
        self.curve = Curve([(int(s), float(v)) for s, v in state["losses"]], list(state["measures"]))
        torch.set_rng_state(state["random"][0].cpu())
        if len(state["random"]) > 1 and self.where.type == "cuda":
            torch.cuda.set_rng_state(state["random"][1].cpu())
        _log.info("resumed at step %d", self.step)

    def _random_states(self) -> list[Tensor]:
        """Where chance stood: dropout draws from torch's own generators."""
        return [torch.get_rng_state(), *([torch.cuda.get_rng_state()] if self.where.type == "cuda" else [])]


def rate(step: int, steps: int) -> float:
    """Learning-rate factor: a short warm-up, then half a cosine down to zero."""
    warm = max(1, int(steps * _WARM_UP))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
