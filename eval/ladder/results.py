"""What the ladder leaves behind: figures as JSON, and the table in ``eval/README.md`` made of them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.ladder.rungs import RUNGS
from voicenlp.errors import InputError
from voicenlp.evaluation import Evaluation
from voicenlp.io.tables import replacing

__all__ = ["corpus_hash", "figures", "machine", "read_results", "replace_between", "table", "write_json"]

SPEAKERS = ("child", "parent", "carer", "family", "practitioner", "professional", "manager")


def corpus_hash(root: Path, splits: tuple[str, ...] = ("train", "dev", "test")) -> str:
    """Return the SHA-256 of all records and metadata of some splits, whatever the order in which a system lists them."""
    digest = hashlib.sha256()
    for split in splits:
        for path in sorted((*(root / split).rglob("*.txt"), *(root / split).rglob("*.jsonl")), key=lambda one: one.as_posix()):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def machine() -> dict[str, Any]:
    """Return processor, cores and system."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass
    return {"processor": name, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}


def figures(result: Evaluation) -> dict[str, Any]:
    """Return the figures of an evaluation that are kept: spans, speakers and attributes with intervals, and the calibration error."""
    data = result.to_dict()
    attributes = {
        name: {measure: score for measure, score in measures.items() if not measure.startswith("label ")}
        for name, measures in data["scores"]["attributes"].items()
    }
    calibration = (data["calibration"] or {}).get("ece")
    return {
        "spans": data["scores"]["spans"],
        "speakers": data["scores"]["speakers"],
        "attributes": attributes,
        "calibration_error": calibration,
    }


def read_results(path: Path) -> dict[str, Any]:
    """Return earlier results; empty where there are none."""
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError("not JSON", source=path) from None
    return data if isinstance(data, dict) else {}


def write_json(data: Mapping[str, Any], path: Path) -> None:
    """Write results, lists of numbers on one line each."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    text = re.sub(r"\[\s+([-\d.e]+),\s+([-\d.e]+)\s+\]", r"[\1, \2]", text)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode("utf-8") + b"\n")


def table(results: Mapping[str, Any]) -> str:
    """Return the table of the ladder in Markdown."""
    corpus, rungs = results["corpus"], results["rungs"]
    counts = ", ".join(f"{split} {corpus[split]:,}" for split in ("train", "dev", "test"))
    head = (
        "| tagger | voice: span F1, exact | voice: span F1, IoU ≥ 0.5 | … and the right speaker | all elements, span and speaker | "
        "train | tag, words/s |"
    )
    lines = [head, "|---|---|---|---|---|---|---|"]
    for name in (*[one for one in RUNGS if one in rungs], *[one for one in rungs if one not in RUNGS]):
        rung = rungs[name]
        voice = rung["figures"]["spans"]["voice"]
        cells = [
            _figure(voice["exact"]),
            _figure(voice["iou"]),
            _figure(voice["speaker"]),
            _figure(rung["figures"]["spans"]["all"]["speaker"]),
        ]
        spent = f"{rung['train_seconds']:,.0f} s" if rung["trained"] else "–"
        lines.append(f"| `{name}`: {rung['what']} | {' | '.join(cells)} | {spent} | {rung['words_per_second']:,.0f} |")
    lines += ["", "F1 of voices with the right speaker, by speaker:", ""]
    lines += ["| tagger | " + " | ".join(SPEAKERS) + " |", "|---" * (1 + len(SPEAKERS)) + "|"]
    for name in (*[one for one in RUNGS if one in rungs], *[one for one in rungs if one not in RUNGS]):
        speakers = rungs[name]["figures"]["speakers"]["voice"]
        lines.append(f"| `{name}` | " + " | ".join(_bare(speakers.get(one)) for one in SPEAKERS) + " |")
    lines += ["", "F1 of spans of the other elements (IoU ≥ 0.5):", "", "| tagger | space | audience | influence |", "|---|---|---|---|"]
    for name in (*[one for one in RUNGS if one in rungs], *[one for one in rungs if one not in RUNGS]):
        spans = rungs[name]["figures"]["spans"]
        lines.append(f"| `{name}` | " + " | ".join(_bare(spans[one]["iou"]) for one in ("space", "audience", "influence")) + " |")
    device = results["machine"]
    lines += [
        "",
        f"In brackets: 95 % bootstrap interval over records. Records: {counts}; SHA-256 of the corpus `{corpus['sha256'][:16]}…`. "
        f"{device['processor']}, {device['cores']} cores; {results['seconds']:,.0f} s in all.",
    ]
    return "\n".join(lines)


def replace_between(text: str, name: str, content: str) -> str:
    """Return a page with what stands between its markers ``<!-- name -->`` and ``<!-- /name -->`` replaced.

    Raises
    ------
    InputError
        If it has no such markers.
    """
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    if not pattern.search(text):
        raise InputError(f"the page has no markers <!-- {name} --> and <!-- /{name} -->")
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text, count=1)


def _figure(score: Mapping[str, Any]) -> str:
    if score["f1"] is None:
        return "–"
    bounds = score["interval"]
    return f"{score['f1']:.3f}" + (f" ({bounds[0]:.3f}–{bounds[1]:.3f})" if bounds else "")


def _bare(score: Mapping[str, Any] | None) -> str:
    return "–" if score is None or score["f1"] is None else f"{score['f1']:.3f}"
