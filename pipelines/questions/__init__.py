"""From what experts wrote to questions: reading, drafting, checking, asking models. Pure."""
