"""``voicenlp demo``"""

from __future__ import annotations

NAME = "demo"
HELP = "The main job on bundled fictional records, start to finish, offline."


def command() -> int:
    """Run the demo."""
    return 0
