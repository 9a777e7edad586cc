"""Checks of the words in an image, with a sentence each: what was read, and what is wrong with it.

Optional (requirements-ocr.txt). Findings are for curators; they take part in no score and no
order. A check that cannot be made says nothing.
"""
