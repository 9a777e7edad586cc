"""What the curator's desk shows and does, computed over the store; no page is made here."""
