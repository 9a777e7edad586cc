"""SIQA Annotator: experts rate scientific images, curators publish data others can trust."""

from annotator.commands import main

if __name__ == "__main__":
    raise SystemExit(main())
