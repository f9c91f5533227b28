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
        name = model.name + (" (default)" if model.name == DEFAULT_MODEL else "")
        for data_set, entry in (model.measured or {"": {}}).items():
            figures = [entry.get(key, "not measured") for key in ("f1_span", "f1_span_speaker", "words_per_second")]
            rows.append([name, model.kind, model.version, model.description, *figures, data_set])
    columns = ["model", "kind", "version", "what it is", "span F1", "span+speaker F1", "words/s", "measured on"]
    show_table("", columns, rows, numbers=(4, 5, 6))
    return 0
