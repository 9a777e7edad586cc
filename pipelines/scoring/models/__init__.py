"""Backends that bring a model of their own: encoders, vision language models, baselines."""
