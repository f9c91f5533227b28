"""What holds for all tests: nothing is asked of a network, not even by a library that would only look whether there is one."""

from __future__ import annotations

import os

for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(name, "1")
# what is not about a model is tested with the quickest; tests/test_neural.py reads with the default
os.environ.setdefault("VOICENLP_MODEL", "rules")
