"""The demo study: real images, three demo people, ratings only on request and marked."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from annotator.accounts import invite
from annotator.clock import iso, now
from annotator.demo.panel import IMAGES, MANIFEST, simulated_ratings
from annotator.founding import found_study, read_preset
from annotator.images_import import take_in_images
from annotator.ratings_import import rating_facts
from annotator.store import Store
from annotator.store.access import load_study
from exports.card_panel import SIMULATED
from schemas.facts import Fact, RaterAdded, Setting
from schemas.layout import StudyFolder

__all__ = ["found_demo", "invite_demo_people"]

_PEOPLE = (("Demo Expert 1", "rater"), ("Demo Expert 2", "rater"), ("Demo Curator", "curator"))
_MARK = "demo"


def found_demo(root: Path, *, simulate: bool) -> None:
    """Make the demo study in `root`; with `simulate`, a simulated panel's ratings as well."""
    found_study(root, read_preset("siqa"))
    folder = StudyFolder(root)
    with Store(folder, load_study(folder)) as store:
        take_in_images(store, [IMAGES], MANIFEST, lambda done, total: None)
        at = iso(now())
        people: list[Fact] = [RaterAdded(at, name, role) for name, role in _PEOPLE]
        store.append([*people, Setting(at, _MARK, "yes")])
        if simulate:
            ratings = simulated_ratings()
            panel = pc.unique(ratings["rater"]).to_pylist()
            # Every export says of people of this expertise that nobody gave their ratings.
            store.append([RaterAdded(at, name, "rater", (SIMULATED,), False) for name in panel])
            facts, _ = rating_facts(ratings, store)
            store.append_many(facts)


def invite_demo_people(store: Store, address: str) -> list[tuple[str, str, str]]:
    """Make fresh links for the demo people; return (name, role, link), none in other studies."""
    if store.settings().get(_MARK) != "yes":
        return []
    links, facts = [], []
    for name, role in _PEOPLE:
        token, invited = invite(name)
        facts.append(invited)
        links.append((name, role, f"{address}/join/{token}"))
    store.append(facts)
    return links
