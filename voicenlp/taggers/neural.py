"""The neural tagger: one pass of a small encoder (ONNX) over the note, many heads, decoded in numpy.

Long notes are read in windows that overlap; where they do, a token's answers are weighed by how far it stands from a window's edge. Nothing
is cut off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import ModelError
from voicenlp.records import Note, Person, Span
from voicenlp.scheme import default_scheme
from voicenlp.taggers.certainty import Decoding
from voicenlp.taggers.choices import spans_from
from voicenlp.taggers.features import FEATURES, Encoded, encode
from voicenlp.taggers.heads import Heads
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import Reading, read

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NeuralTagger", "merge_windows", "windows"]

WINDOW, OVERLAP, EDGE = 500, 160, 64
"""Tokens of a window, tokens that two share, and the distance from an edge from which a token counts in full."""


def windows(count: int, width: int = WINDOW, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Return first and last-plus-one token of each window over ``count`` tokens.

    Examples
    --------
    >>> windows(5, 4, 2), windows(3, 4, 2)
    ([(0, 4), (2, 5)], [(0, 3)])
    """
    if count <= width:
        return [(0, count)] if count else []
    out, at = [], 0
    while True:
        out.append((at, min(count, at + width)))
        if at + width >= count:
            return out
        at += width - overlap


def merge_windows(count: int, width: int, parts: Iterable[tuple[int, int, np.ndarray]]) -> np.ndarray:
    """Return the answers for ``count`` tokens from those of windows that overlap; shape (count, width)."""
    import numpy as np

    total, weight = np.zeros((count, width), dtype=np.float32), np.zeros(count, dtype=np.float32)
    for first, last, answers in parts:
        size = last - first
        near = np.minimum(np.arange(size) + 1, np.arange(size)[::-1] + 1).clip(max=EDGE).astype(np.float32)
        if first == 0:
            near[: size // 2] = EDGE
        if last == count:
            near[size // 2 :] = EDGE
        total[first:last] += answers * near[:, None]
        weight[first:last] += near
    return total / np.maximum(weight, 1e-6)[:, None]


class NeuralTagger:
    """Tags with an exported model.

    Parameters
    ----------
    folder : str or Path
        Holds ``model.onnx``, ``tokenizer.json`` and ``manifest.json``.
    threads : int
        Of onnxruntime.

    Raises
    ------
    ModelError
        If a file is missing or not the one that the manifest names, or the model was made for another scheme.
    """

    def __init__(self, folder: str | Path, threads: int = 0) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        folder = Path(folder)
        manifest = _manifest(folder)
        self.heads = Heads(default_scheme())
        self.heads.check(manifest, folder.name)
        self.name = str(manifest.get("name", folder.name))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.special = manifest["special"]
        self.decoding = Decoding.read(manifest.get("decoding", {}))
        self.rules = RuleTagger()

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note, the headings in it, and the empty ones."""
        reading = read(note, roster)
        return self.tag_reading(reading), reading.segmented.present, reading.segmented.empty

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        encoded = encode(reading, self.tokenizer, self.rules)
        answers = self.answers([encoded])[0]
        return spans_from(answers, encoded, self.heads, reading.cast, self.name, self.decoding)

    def answers(self, notes: Sequence[Encoded], batch: int = 8) -> list[np.ndarray]:
        """Return the network's answers for the tokens of each note; windows of like length go together."""
        import numpy as np

        places = [(at, first, last) for at, note in enumerate(notes) for first, last in windows(len(note.ids))]
        places.sort(key=lambda place: place[2] - place[1])
        parts: dict[int, list[tuple[int, int, np.ndarray]]] = {at: [] for at in range(len(notes))}
        for begin in range(0, len(places), batch):
            chosen = places[begin : begin + batch]
            width = max(last - first for _, first, last in chosen) + 2
            ids = np.full((len(chosen), width), self.special["pad"], dtype=np.int64)
            mask = np.zeros((len(chosen), width), dtype=np.int64)
            features = np.zeros((len(chosen), width, len(FEATURES)), dtype=np.int64)
            for row, (at, first, last) in enumerate(chosen):
                size = last - first
                ids[row, 0], ids[row, size + 1] = self.special["cls"], self.special["sep"]
                ids[row, 1 : size + 1] = notes[at].ids[first:last]
                features[row, 1 : size + 1] = notes[at].features[first:last]
                mask[row, : size + 2] = 1
            (scores,) = self.session.run(None, {"ids": ids, "mask": mask, "features": features})
            for row, (at, first, last) in enumerate(chosen):
                parts[at].append((first, last, scores[row, 1 : last - first + 1]))
        return [merge_windows(len(note.ids), self.heads.width, parts[at]) for at, note in enumerate(notes)]


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ModelError(f"{folder}: holds no model (manifest.json is missing or can't be read)") from None
    for name, wanted in manifest.get("files", {}).items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{folder}: {name} is missing")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise ModelError(f"{folder}: {name} is not the file that the manifest names")
    return manifest
