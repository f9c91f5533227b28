"""``voicenlp models``"""

from __future__ import annotations

from voicenlp.cli.terminal import show_table

NAME = "models"
HELP = "The models at hand, with their measured accuracy and speed."


def command() -> int:
    """Print one line a model."""
    from voicenlp.taggers.models import DEFAULT_MODEL, models

    rows = []
    for model in models():
        measured = model.measured
        rows.append(
            [model.name + (" (default)" if model.name == DEFAULT_MODEL else ""), model.kind, model.version, model.description,
             measured.get("f1_span_speaker", "not measured"), measured.get("words_per_second", "not measured"), measured.get("on", "")]
        )  # fmt: skip
    show_table("", ["model", "kind", "version", "what it is", "span+speaker F1", "words/s", "measured on"], rows, numbers=(4, 5))
    return 0
