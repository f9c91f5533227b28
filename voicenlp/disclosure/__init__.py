"""What may be shown outside: tables about groups under a disclosure policy, and words of records without names and identifiers."""

from __future__ import annotations

from voicenlp.disclosure.differencing import WorkedOut, compare_releases
from voicenlp.disclosure.policies import Policy, load_policies, load_policy
from voicenlp.disclosure.screening import Screened, screen
from voicenlp.disclosure.tables import Protected, protect

__all__ = ["Policy", "Protected", "Screened", "WorkedOut", "compare_releases", "load_policies", "load_policy", "protect", "screen"]
