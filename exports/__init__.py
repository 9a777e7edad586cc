"""One file per format: what others download. Knows schemas and files, not the store."""
