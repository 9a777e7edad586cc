"""Scientific figures with known flaws, rendered for training, tests and the demo."""
