"""Scorers that order the queue: features, encoders, prior, head, acquisition. Never a judgement."""
