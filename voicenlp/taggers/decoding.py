"""From scores for tokens to spans: a Viterbi path that never crosses a sentence, then the attributes of each span from the mean of its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TAGS", "best_spans", "log_softmax", "span_means"]

TAGS = ("O", "B", "I", "E", "S")
_NEXT = {0: (0, 1, 4), 1: (2, 3), 2: (2, 3), 3: (0, 1, 4), 4: (0, 1, 4)}
_NEVER = -1e9


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return log-probabilities over the last axis."""
    import numpy as np

    shifted = scores - scores.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def best_spans(scores: np.ndarray, breaks: np.ndarray) -> list[tuple[int, int]]:
    """Return the spans of the best path.

    Parameters
    ----------
    scores : ndarray, shape (tokens, 5)
        Log-probabilities of `TAGS`.
    breaks : ndarray of bool, shape (tokens,)
        Where a sentence begins.

    Returns
    -------
    list of (int, int)
        First and last token of each span, both included.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.log(np.array([[.1, .8, .1, 0, 0], [.2, 0, .1, .7, 0], [.3, 0, 0, .7, 0]]) + 1e-9)
    >>> best_spans(scores, np.array([False, False, True]))
    [(0, 1)]
    """
    import numpy as np

    count = len(scores)
    if not count:
        return []
    inside, across = np.full((5, 5), _NEVER), np.full((5, 5), _NEVER)
    for tag, after in _NEXT.items():
        inside[tag, list(after)] = 0
        if tag in (0, 3, 4):
            across[tag, [0, 1, 4]] = 0
    total = scores[0].copy()
    total[[2, 3]] = _NEVER
    back = np.zeros((count, 5), dtype=np.int64)
    for at in range(1, count):
        paths = total[:, None] + (across if breaks[at] else inside)
        back[at] = paths.argmax(0)
        total = paths.max(0) + scores[at]
    total[[1, 2]] = _NEVER
    tag = int(total.argmax())
    path = [tag]
    for at in range(count - 1, 0, -1):
        tag = int(back[at, tag])
        path.append(tag)
    out, begun = [], 0
    for at, tag in enumerate(reversed(path)):
        if tag == 4:
            out.append((at, at))
        elif tag == 1:
            begun = at
        elif tag == 3:
            out.append((begun, at))
    return out


def span_means(values: np.ndarray, spans: list[tuple[int, int]]) -> np.ndarray:
    """Return the mean of the tokens' values over each span; shape (spans, width)."""
    import numpy as np

    if not spans:
        return np.zeros((0, values.shape[1]), dtype=values.dtype)
    total = np.concatenate([np.zeros((1, values.shape[1]), dtype=np.float64), np.cumsum(values, axis=0, dtype=np.float64)])
    first, last = np.array(spans).T
    return (total[last + 1] - total[first]) / (last - first + 1)[:, None]
