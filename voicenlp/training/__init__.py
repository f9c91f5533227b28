"""Training: the encoder with its heads, the examples it learns from, the trainer, and the export. The only place that imports torch."""
