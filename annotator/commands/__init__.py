"""The command line: `python app.py [--data DIR] [--json] NOUN [VERB] …`."""

from annotator.commands.line import main

__all__ = ["main"]
