"""Evaluation and agreement: annotated records in, numbers out."""

from voicenlp.evaluation.agreement import Agreement, agree
from voicenlp.evaluation.metrics import evaluate
from voicenlp.evaluation.results import Evaluation

__all__ = ["Agreement", "Evaluation", "agree", "evaluate"]
