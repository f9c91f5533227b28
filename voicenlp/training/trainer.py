"""The training loop: bf16, progress, the best state by the dev figure, and a state to go on from after a kill."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voicenlp.io.annotations import Record
from voicenlp.taggers.choices import spans_from
from voicenlp.taggers.heads import Heads
from voicenlp.taggers.neural import merge_windows, windows
from voicenlp.training.examples import Example, Window, collate
from voicenlp.training.network import Network
from voicenlp.training.objective import objective
from voicenlp.training.settings import TrainSettings

__all__ = ["History", "Judge", "answers_of", "predictions", "train"]

Judge = Callable[[list[Record], list[Record]], tuple[float, float]]

POOL = 16
"""Batches whose windows are sorted by length together: less padding, still shuffled."""


@dataclass
class History:
    """What happened, epoch by epoch."""

    epochs: list[dict[str, float]] = field(default_factory=list)
    best: float = -1.0
    best_epoch: int = -1


def train(
    network: Network, examples: Sequence[Example], dev: Sequence[Example], heads: Heads, special: dict[str, int], settings: TrainSettings,
    state: Path, judge: Judge, say: Callable[[str], None] = lambda line: None, trained: bool = False,
) -> History:  # fmt: skip
    """Train a network and leave it in its best state.

    Parameters
    ----------
    network, examples, dev, heads, special, settings
    state : Path
        File for all that is needed to go on after a kill; read if it is there, and written after each epoch.
    judge : callable
        Takes predicted and annotated records and returns the F1 of voice spans, and of voice spans with the right speaker. (Measuring is
        not training's business: the caller brings it.)
    say : callable
        Told one line an epoch.
    trained : bool
        Whether the network knows its trade already: then it stays as it is unless an epoch makes it better.
    """
    _seed(settings.seed)
    torch.set_flush_denormal(True)  # numbers next to nothing make a CPU ten times slower
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    stretches = [Window(example, first, last) for example in examples for first, last in windows(len(example.plain.ids))]
    steps = settings.epochs * math.ceil(len(stretches) / settings.batch)
    slow = [p for name, p in network.named_parameters() if name.startswith("encoder.")]
    quick = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": slow, "lr": settings.rate}, {"params": quick, "lr": settings.head_rate}], weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, step / (0.08 * steps)) * max(0.02, 1 - step / steps))
    history, begin, best = History(), 0, None
    if state.is_file():
        kept = torch.load(state, weights_only=True, map_location=next(network.parameters()).device)
        network.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        schedule.load_state_dict(kept["schedule"])
        history = History(kept["epochs"], kept["best"], kept["best_epoch"])
        begin, best = len(history.epochs), kept["best_network"]
        say(f"going on after epoch {begin}")
    elif trained:
        span, history.best = judge(predictions(network, dev, heads, special), [example.record for example in dev])
        best = {name: value.clone() for name, value in network.state_dict().items()}
        say(f"before: dev span F1 {span:.3f}, with speaker {history.best:.3f}")
    for epoch in range(begin, settings.epochs):
        _seed(settings.seed + epoch)  # the same epoch sees the same order, however often the run was stopped
        began = time.perf_counter()
        loss = _epoch(network, stretches, heads, special, settings, optimiser, schedule)
        span, figure = judge(predictions(network, dev, heads, special), [example.record for example in dev])
        entry = {"loss": loss, "span": span, "speaker": figure, "seconds": time.perf_counter() - began}
        history.epochs.append(entry)
        figures = f"dev span F1 {span:.3f}, with speaker {figure:.3f}"
        say(f"epoch {epoch + 1} of {settings.epochs}: loss {loss:.3f}, {figures}, {entry['seconds']:.0f} s")
        if figure > history.best:
            history.best, history.best_epoch = figure, epoch
            best = {name: value.clone() for name, value in network.state_dict().items()}
        _keep(state, network, optimiser, schedule, history, best)
        if epoch - history.best_epoch >= settings.patience:
            say("no better for a while: stopped")
            break
    if best is not None:
        network.load_state_dict(best)
    return history


def _epoch(
    network: Network, stretches: list[Window], heads: Heads, special: dict[str, int], settings: TrainSettings, optimiser: Any, schedule: Any
) -> float:
    order = list(stretches)
    random.shuffle(order)
    batches: list[list[Window]] = []
    for at in range(0, len(order), settings.batch * POOL):
        pool = sorted(order[at : at + settings.batch * POOL], key=lambda window: window.last - window.first)
        cut = [pool[k : k + settings.batch] for k in range(0, len(pool), settings.batch)]
        random.shuffle(cut)
        batches += cut
    network.train()
    device = next(network.parameters()).device
    total = 0.0
    for batch in batches:
        made = collate([(window, random.random() < settings.roster_share) for window in batch], special)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            scores = network(*(torch.from_numpy(part).to(device) for part in (made.ids, made.mask, made.features)))
        loss = objective(scores.float(), made, heads)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += loss.item()
    return total / max(1, len(batches))


def answers_of(
    network: Network, examples: Sequence[Example], heads: Heads, special: dict[str, int], *, told: bool = False, batch: int = 16
) -> list[np.ndarray]:
    """Return the network's answers for the tokens of each example."""
    stretches = [(at, Window(one, a, b)) for at, one in enumerate(examples) for a, b in windows(len(one.plain.ids))]
    stretches.sort(key=lambda stretch: stretch[1].last - stretch[1].first)
    parts: dict[int, list[tuple[int, int, np.ndarray]]] = {at: [] for at in range(len(examples))}
    network.eval()
    device = next(network.parameters()).device
    with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16):
        for begin in range(0, len(stretches), batch):
            chosen = stretches[begin : begin + batch]
            made = collate([(window, told) for _, window in chosen], special)
            inputs = (torch.from_numpy(part).to(device) for part in (made.ids, made.mask, made.features))
            scores = network(*inputs).float().cpu().numpy()
            for row, (at, window) in enumerate(chosen):
                parts[at].append((window.first, window.last, scores[row, 1 : window.last - window.first + 1]))
    return [merge_windows(len(one.plain.ids), heads.width, parts[at]) for at, one in enumerate(examples)]


def predictions(
    network: Network, examples: Sequence[Example], heads: Heads, special: dict[str, int], *, told: bool = False
) -> list[Record]:
    """Return the records of examples with the spans that the network sees in them."""
    out = []
    for example, answers in zip(examples, answers_of(network, examples, heads, special, told=told), strict=True):
        note, cast = (example.told, example.cast_told) if told else (example.plain, example.cast)
        spans = spans_from(answers, note, heads, cast, "neural") if len(note.ids) else []
        out.append(Record(example.record.note_id, example.record.text, tuple(spans), example.record.meta))
    return out


def _keep(state: Path, network: Network, optimiser: Any, schedule: Any, history: History, best: Any) -> None:
    kept = {
        "network": network.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(), "epochs": history.epochs,
        "best": history.best, "best_epoch": history.best_epoch, "best_network": best,
    }  # fmt: skip
    temporary = state.with_name(state.name + ".tmp")
    torch.save(kept, temporary)
    temporary.replace(state)


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
