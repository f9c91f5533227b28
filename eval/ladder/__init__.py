"""The ladder of baselines, from quotation marks to trained taggers, each rung measured on the test split: ``python -m eval.ladder``."""
