"""Write a model's card: what it is for, whom it serves worse, and how well it reads.

    python -m eval.card MODEL [--corpus eval/corpus] [--out FILE] [--bootstrap 1000] [--watts 100]

MODEL is a name (``rules``) or a folder. It tags the texts of the test split, and of dev for comparison; every figure comes from that run.
Examples of mistakes are cut from dev alone, since test is for measuring, and only if the corpus is the project's own or ``--fictional``
says that it is invented too. The sections are those of Mitchell et al. 2019, *Model Cards for Model Reporting*.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import voicenlp
from eval.corpus.check import ROOT
from eval.corpus.counts import AGES, KINDS
from eval.corpus.groups import groups_of
from eval.ladder.results import corpus_hash, machine
from voicenlp.audit import versions
from voicenlp.errors import InputError, UsageError, VoiceError
from voicenlp.evaluation import Evaluation, evaluate
from voicenlp.evaluation.calibration import CoveragePoint, risk_coverage
from voicenlp.evaluation.counts import compare
from voicenlp.evaluation.mistakes import KINDS as MISTAKES
from voicenlp.evaluation.mistakes import Mistake
from voicenlp.evaluation.predictions import predict
from voicenlp.evaluation.results import Score, Scores, Share
from voicenlp.io.annotations import Record, read_annotations
from voicenlp.io.tables import replacing
from voicenlp.scheme import default_scheme
from voicenlp.taggers.folders import model_folder
from voicenlp.taggers.models import describe_model

__all__ = ["Verdict", "coverage_at", "examples", "judge", "main", "make_card", "region_of", "training"]

TEMPLATE = Path(__file__).with_suffix(".md.j2")
FEW_RECORDS, FEW_VOICES = 20, 50
"""A group with fewer is not judged: a bootstrap over so few records is too sure of itself."""
THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
LENGTHS = ((50, "under 50"), (150, "50 to 149"), (400, "150 to 399"), (10**9, "400 and more"))
PLAIN = {
    "disabled": "disabled children",
    "does not use speech": "children who do not use speech",
    "first language not English": "children whose first language is not English",
    "unaccompanied": "unaccompanied children",
    "care leaver": "care leavers",
    "early years": "children under five (early years)",
    "siblings": "records about siblings",
    "second person": "records that speak to the child (“you told me”)",
}
"""Groups, those of the datasheet first, as a reader calls them."""
REGIONS = {
    "London": "london|croydon|lewisham|hounslow|deptford|wandsworth",
    "North East": "north east|tees|tyne|newcastle|sunderland|northumb|middlesbrough|redcar|berwick|durham",
    "North West": "lancashire|manchester|mersey|liverpool|cheshire|cumbria|wirral|bolton|oldham|wigan|stockport|salford|blackpool|"
    "blackburn|burnley|southport|warrington|carlisle|crewe|st helens",
    "Yorkshire and the Humber": "yorkshire|humber|leeds|sheffield|hull|bradford|rotherham|barnsley|doncaster|halifax|dewsbury|harrogate|"
    "grimsby|scunthorpe|holderness|scarborough|east riding|swaledale",
    "East Midlands": "east midlands|nottingham|derby|leicester|lincoln|northampton|chesterfield|mansfield|kettering|high peak|boston",
    "West Midlands": "west midlands|birmingham|coventry|stoke|potteries|stafford|shropshire|wolverhampton|walsall|dudley|telford|hereford|"
    "worcester|kidderminster|ludlow|oswestry|welsh border",
    "East of England": r"norfolk|suffolk|essex|cambridge|\bfen|hertford|luton|bedford|peterborough|norwich|ipswich|chelmsford|southend|"
    r"\bely\b|thurrock|basildon|east anglia",
    "South East": "south east|thames|kent|surrey|sussex|brighton|hampshire|portsmouth|southampton|reading|slough|milton keynes|oxford|"
    "medway|margate|folkestone|basingstoke|winchester|guildford|eastbourne|hastings|wight|tunbridge",
    "South West": "south west|cornwall|penwith|devon|dorset|somerset|wiltshire|swindon|salisbury|gloucester|forest of dean|cotswold|"
    r"bristol|plymouth|exeter|truro|\bbath\b|bournemouth|weston",
}
COLUMNS = (*(f"group: {name}" for name in PLAIN), "card: age", "card: region", "card: kind", "card: length")


@dataclass(frozen=True)
class Verdict:
    """How a group fares: F1 of voices with the right speaker, everybody's and the child's own, each with its judgement; see `judge`."""

    group: str
    records: int
    voices: tuple[Score | None, str]
    own: tuple[Score | None, str]

    @property
    def judgement(self) -> str:
        """The graver of the two judgements; ``few`` where one of them alone could be measured."""
        both = (self.voices[1], self.own[1])
        if both[0] != both[1] and "none" in both and "worse" not in both and "perhaps" not in both:
            return "few"
        return next(one for one in ("worse", "perhaps", "few", "level", "none") if one in both)


def judge(score: Score | None, overall: Score | None, records: int) -> str:
    """Say whether a group is served worse than all.

    ``worse``: the interval of its F1 lies wholly below the overall figure; ``perhaps``: its F1 is lower, but it is too small to be sure;
    ``few``: not lower, but too small; ``level``: large enough, and not clearly lower; ``none``: nothing to measure.

    >>> everybody = Score.of(800, 1000, 1000)
    >>> low = Score.of(50, 100, 100, (None, None, (0.4, 0.6)))
    >>> judge(low, everybody, 30), judge(low, everybody, 5), judge(None, everybody, 0)
    ('worse', 'perhaps', 'none')
    """
    if score is None or score.f1 is None or overall is None or overall.f1 is None:
        return "none"
    if records < FEW_RECORDS or score.gold < FEW_VOICES or score.interval is None:
        return "perhaps" if score.f1 < overall.f1 else "few"
    return "worse" if score.interval[1] < overall.f1 else "level"


def _focus(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    focus = meta.get("focus_child")
    return focus if isinstance(focus, Mapping) else {}


def region_of(meta: Mapping[str, Any]) -> str:
    """Return the region of England that the free text of ``region`` names.

    >>> region_of({"region": "Humber dock city"}), region_of({"region": "a seaside town"}), region_of({})
    ('Yorkshire and the Humber', 'told, but not which', 'not told')
    """
    told = str(meta.get("region") or "").lower()
    return next((name for name, pattern in REGIONS.items() if re.search(pattern, told)), "told, but not which" if told else "not told")


def _with_columns(record: Record) -> Record:
    """Return the record with what it is measured by in its metadata, under names that no record has."""
    groups, age = groups_of(record), _focus(record.meta).get("age")
    kind, words = str(record.meta.get("record_type", "")).lower(), len(record.text.split())
    columns = {f"group: {name}": "yes" if name in groups else "no" for name in PLAIN}
    columns["card: kind"] = next((name for name, pattern in KINDS.items() if re.search(pattern, kind)), "other")
    bands = [name for low, high, name in AGES if isinstance(age, int | float) and low <= age < high + 1]
    columns["card: age"] = bands[0] if bands else "several children or not told"
    columns |= {"card: region": region_of(record.meta), "card: length": next(name for limit, name in LENGTHS if words < limit)}
    return replace(record, meta={**record.meta, **columns})


def _voice(scores: Scores | None, own: bool = False) -> Score | None:
    """Return the score of voices with the right speaker; of the child's own voices with ``own``."""
    if scores is None:
        return None
    return scores.speakers.get("voice", {}).get("child") if own else scores.spans["voice"]["speaker"]


def _named(result: Evaluation) -> dict[str, Scores | None]:
    """Return the scores of each group by the name that a reader knows; None where no record belongs to it."""
    out: dict[str, Scores | None] = {plain: result.groups[f"group: {name}"].get("yes") for name, plain in PLAIN.items()}
    out |= {f"children of {name}": result.groups["card: age"].get(name) for _, _, name in AGES}
    return out | {f"region: {name}": result.groups["card: region"].get(name) for name in REGIONS}


def _verdicts(result: Evaluation) -> list[Verdict]:
    named, out = _named(result), []
    if not any(named[f"region: {name}"] for name in REGIONS):
        named = {name: scores for name, scores in named.items() if not name.startswith("region")} | {"every region of England": None}
    if named[PLAIN["early years"]] == named["children of 0 to 4"]:
        named.pop("children of 0 to 4")  # the same children: told once
    for name, scores in named.items():
        records = scores.records if scores else 0
        both = [(_voice(scores, own), judge(_voice(scores, own), _voice(result.scores, own), records)) for own in (False, True)]
        out.append(Verdict(name, records, both[0], both[1]))
    return out


def coverage_at(pred: Sequence[Record], gold: Sequence[Record], thresholds: Iterable[float] = THRESHOLDS) -> list[CoveragePoint]:
    """Return what remains of the predicted spans at each threshold of the score; thresholds that no span reaches are left out."""
    rated = [pair for one, other in zip(gold, pred, strict=True) for pair in compare(one.note_id, one.spans, other.spans).scores]
    spans = sum(len(record.spans) for record in gold)
    curve = risk_coverage([score for score, _ in rated], [right for _, right in rated], gold=spans, points=len(rated))
    points = curve.points if curve else ()
    kept = {limit: [point for point in points if point.threshold >= limit] for limit in thresholds}
    return [replace(reached[-1], threshold=limit) for limit, reached in kept.items() if reached]


def examples(result: Evaluation, pred: Sequence[Record], gold: Sequence[Record], most: int = 3) -> dict[str, list[str]]:
    """Return up to ``most`` short examples of each kind of mistake, spread over the records.

    Words of the records stand in them: for fictional records alone, and never for those of the test split.
    """
    golds, preds = {one.note_id: one for one in gold}, {one.note_id: one for one in pred}
    told: dict[str, dict[str, str]] = {kind: {} for kind in MISTAKES}
    for mistake in result.mistakes:
        words = _told(mistake, golds[mistake.note_id], preds[mistake.note_id])
        if len(words) <= 260:
            told[mistake.kind].setdefault(mistake.note_id, words)  # one of each record
    return {kind: list(lines.values())[:: max(1, len(lines) // most)][:most] for kind, lines in told.items() if lines}


def _told(mistake: Mistake, gold: Record, pred: Record) -> str:
    """Tell a mistake by its words, in their line of the record."""
    text, edges = gold.text, [pair for pair in (mistake.gold, mistake.pred) if pair]
    start, end = min(pair[0] for pair in edges), max(pair[1] for pair in edges)
    left, right = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    right = len(text) if right < 0 else right
    low = left if start - left < 60 else text.find(" ", start - 60, start) + 1 or start
    high = right if right - end < 40 else max(end, text.rfind(" ", end, end + 40))
    context = f"“{'…' if low > left else ''}{text[low:high].strip()}{'…' if high < right else ''}”"
    values = [mistake.expected, mistake.found]
    if mistake.kind == "wrong person":
        values = [_person(gold, mistake.element, mistake.gold), _person(pred, mistake.element, mistake.pred)]
    elif mistake.kind == "wrong links":
        values = [_linked(gold, mistake.expected), _linked(pred, mistake.found)]
    marked, found = (text[slice(*pair)] if pair else "" for pair in (mistake.gold, mistake.pred))
    if mistake.kind.startswith("wrong "):
        empty = "nobody" if mistake.kind in ("wrong person", "wrong via") else "nothing"
        expected, other = (value.replace("_", " ").replace(",", " and ") or empty for value in values)
        return f"{context}: for “{marked}”, {mistake.kind.removeprefix('wrong ')} should be {expected}; found {other}"
    told = [f"{word} “{part}”" for word, part in (("marked", marked), ("found", found)) if part]
    speaker = f" ({mistake.element}, {mistake.expected or mistake.found})" if mistake.kind in ("missed", "spurious") else ""
    return f"{context}: {'; '.join(told)}{speaker}"


def _person(record: Record, element: str, edges: tuple[int, int] | None) -> str:
    return next((span.person for span in record.spans if span.element == element and (span.start, span.end) == edges), "")


def _linked(record: Record, ids: str) -> str:
    return " and ".join(
        f"“{record.text[span.start : span.end]}”" for span in record.spans if span.span_id and span.span_id in ids.split(",")
    )


def _confusions(result: Evaluation, most: int = 5) -> list[str]:
    counts = [(count, gold, pred) for gold, row in result.confusion.items() for pred, count in row.items() if gold != pred]
    return [f"{gold} taken for {pred} ({count})" for count, gold, pred in sorted(counts, key=lambda one: (-one[0], one[1:]))[:most]]


def training(folder: Path, watts: float) -> dict[str, Any] | None:
    """Return what training took, from the ``history.json`` in a model's folder: ``epochs``, their ``seconds``, and ``kwh``, an estimate.

    ``watts`` is the power that the machine is assumed to have drawn. None where there is no such file; InputError if it can't be read.
    """
    path = folder / "history.json"
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        epochs = told["epochs"] if isinstance(told, dict) else told
        seconds = sum(float(epoch["seconds"]) for epoch in epochs)
    except (ValueError, KeyError, TypeError):
        raise InputError("holds no list of epochs, each with its seconds", source=path.name) from None
    return {"epochs": len(epochs), "seconds": seconds, "kwh": seconds * watts / 3.6e6}


def _manifest(folder: Path) -> dict[str, str]:
    """Return what a reader needs of a model's manifest, one line an entry; labels and sizes of heads are left out."""
    out = {}
    for key, value in json.loads((folder / "manifest.json").read_text(encoding="utf-8")).items():
        if isinstance(value, Mapping) and key not in ("heads", "features", "vectors", "special"):
            value = "; ".join(f"{name} {one}" for name, one in value.items() if not isinstance(one, dict | list))
        if not isinstance(value, Mapping | list) and value != "":
            out[key.replace("_", " ")] = str(value)
    return out


def _size(corpus: Path, split: str) -> dict[str, int]:
    """Return the number of records, words and writers of a split; 0 where it is not there."""
    records = read_annotations(corpus / split) if (corpus / split).is_dir() else []
    writers = {record.note_id.rsplit("/", 1)[0] for record in records}
    return {"records": len(records), "words": sum(len(record.text.split()) for record in records), "writers": len(writers)}


def make_card(
    model: str, corpus: Path, *, bootstrap: int = 1000, watts: float = 100.0, fictional: bool | None = None, command: str = ""
) -> str:
    """Measure a model (name or folder) and return its card in Markdown.

    ``corpus`` holds ``dev`` and ``test``, and ``train`` if that is to be counted; ``bootstrap`` is the number of samples for the intervals,
    ``watts`` the power assumed for the estimate of energy, ``command`` what made the card. Only of a ``fictional`` corpus (by default the
    project's own) words are quoted. Raises InputError, ModelError or UsageError in one line.
    """
    import jinja2

    if bootstrap < 1 or watts <= 0:
        raise UsageError("bootstrap and watts must be above 0")
    info = describe_model(model)
    gold = {name: [_with_columns(record) for record in read_annotations(corpus / name)] for name in ("dev", "test")}
    if not all(gold.values()):
        raise InputError("the splits dev and test must both hold records", source=corpus.name)
    found = {"dev": predict(gold["dev"], model)}  # first, so that the time of test holds no imports
    began = time.perf_counter()
    found["test"] = predict(gold["test"], model)
    spent = time.perf_counter() - began
    dev, test = (evaluate(found[name], gold[name], by=COLUMNS, bootstrap=bootstrap) for name in ("dev", "test"))
    fictional = corpus.resolve() == ROOT.resolve() if fictional is None else fictional
    folder, verdicts = model_folder(model), _verdicts(test)
    manifest = _manifest(folder) if folder else {}
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701 (Markdown)
    environment.filters |= {"figure": _figure, "number": _number, "safe_line": _safe, "count": _count}
    card = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        name=manifest.get("name", info.name),
        info=info,
        manifest=manifest,
        files={path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.suffix != ".md"} if folder else {},
        versions={"voicenlp": voicenlp.__version__} | versions("numpy", "scikit-learn", "onnxruntime", "spacy"),
        scheme=default_scheme(),
        command=command,
        date=dt.date.today().isoformat(),
        corpus_sha256=corpus_hash(corpus),
        fictional=fictional,
        size={split: _size(corpus, split) for split in ("train", "dev", "test")},
        dev=dev,
        test=test,
        judged={name: [one for one in verdicts if one.judgement == name] for name in ("worse", "perhaps", "few", "level", "none")},
        compared=sum(judged in ("worse", "level") for one in verdicts for _, judged in (one.voices, one.own)),
        few=(FEW_RECORDS, FEW_VOICES),
        named={"test": _named(test), "dev": _named(dev)},
        lengths=[name for _, name in LENGTHS],
        kinds=[*KINDS, "other"],
        mistakes=MISTAKES,
        examples=examples(dev, found["dev"], gold["dev"]) if fictional else {},
        confusions=_confusions(test),
        coverage=coverage_at(found["test"], gold["test"]),
        seconds=spent,
        machine=machine(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        watts=watts,
        training=training(folder, watts) if folder else None,
        bootstrap=bootstrap,
        voice=_voice,
    )
    return re.sub(r"\n{3,}", "\n\n", card).strip() + "\n"


def _figure(score: Score | Share | None, interval: bool = True) -> str:
    bounds = score.interval if score and interval else None
    return _number(score.value if score else None) + (f" ({bounds[0]:.3f} to {bounds[1]:.3f})" if bounds else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _count(score: Score | Share | None) -> int:
    return 0 if score is None else score.of if isinstance(score, Share) else score.gold


def _safe(text: str) -> str:
    """Keep words of a record or manifest from being taken for Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _place(path: str) -> str:
    """Return a path as seen from here; of one that lies elsewhere the last part alone, since a card says nothing of one machine."""
    folder = Path(path)
    if not folder.is_absolute():
        return folder.as_posix()
    return folder.relative_to(Path.cwd()).as_posix() if folder.is_relative_to(Path.cwd()) else folder.name


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the card; return 0, or 1 after one line on what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m eval.card", description="Measure a model and write its card in Markdown.")
    parser.add_argument("model", metavar="MODEL", help="name or folder")
    parser.add_argument("--corpus", type=Path, default=ROOT, help="folder with the splits dev and test; the project's without it")
    parser.add_argument("--out", type=Path, help="file to write; printed without it")
    parser.add_argument("--bootstrap", type=int, default=1000, help="samples of records for the intervals")
    parser.add_argument("--watts", type=float, default=100.0, help="power assumed for the estimate of energy")
    parser.add_argument("--fictional", action="store_true", help="say that all records of --corpus are invented, so that some are quoted")
    chosen = parser.parse_args(arguments)
    command = ["python", "-m", "eval.card", _place(chosen.model), "--corpus", _place(str(chosen.corpus))]
    command += ["--bootstrap", str(chosen.bootstrap), "--watts", f"{chosen.watts:g}", *["--fictional"] * chosen.fictional]
    settings = {"bootstrap": chosen.bootstrap, "watts": chosen.watts, "fictional": chosen.fictional or None}
    try:
        card = make_card(chosen.model, chosen.corpus, **settings, command=shlex.join(command))
        if chosen.out:
            with replacing(chosen.out) as file:
                file.write(card.encode("utf-8"))
    except VoiceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"written to {chosen.out}" if chosen.out else card.rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
