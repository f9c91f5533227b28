from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_key_from_outside(monkeypatch):
    monkeypatch.delenv("VOICENLP_KEY", raising=False)
