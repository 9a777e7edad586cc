"""The tab Model: how well the scorer predicts, and whether it stayed out of sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from annotator.desk.model import Disagreement, Doubt, ModelPage, ModelView, TargetView
from annotator.screens.desk_checks import found_html
from annotator.screens.desk_html import button, empty, open_link, table_html, thumbnail
from annotator.screens.desk_model_plots import curve_figure, expected_figure
from annotator.screens.desk_parts import clickable, in_order, refusal
from annotator.screens.desk_words import label, say, words_of
from pipelines.scoring.blindness import ArmEffect, BlindnessTest
from pipelines.scoring.drift import Era
from pipelines.scoring.head import MIN_SRCC
from pipelines.scoring.reweighting import PoolEstimate
from schemas.errors import UserError
from schemas.study import Scoring, Study

__all__ = ["ModelTab", "model_html"]

_NONE = '<span class="soft">–</span>'
Names = Mapping[str, str]


def model_html(
    page: ModelPage | None,
    names: Names,
    scoring: Scoring,
    *,
    is_old: bool = False,
    failure: str = "",
) -> str:
    """Return the page.

    Args:
        page: None before any version.
        names: Target -> label.
        scoring: What the study lets the model do.
        is_old: Newer numbers are being computed.
        failure: Why the server could not learn last time; empty where it could.
    """
    failed = f'<p class="said">{say("model_failed", why=failure)}</p>' if failure else ""
    if page is None:
        what = say("model_wait") if is_old else say("model_none")
        then = "" if is_old else say("model_none_then")
        return f'<div class="siqa desk">{failed}{empty(what, then)}</div>'
    waiting = f'<p class="said">{say("model_wait")}</p>' if is_old else ""
    parts = (
        failed,
        waiting,
        _about(page, scoring),
        _section("model_quality", "model_quality_about", _quality(page, names)),
        _section("model_differ", "model_differ_about", _differ(page.disagreements, names)),
        _section("blind_title", "blind_about", _blind(page, names)),
        _section("pool_title", "pool_about", _pool(page, names)),
        _section("checks_all_title", "checks_about", found_html(page.found, names)),
        _section("drift_title", "drift_about", _drift(page, names)),
        _section("doubt_title", "doubt_about", _doubts(page)),
    )
    return f'<div class="siqa desk">{"".join(parts)}</div>'


def _section(title: str, about: str, body: str) -> str:
    return f'<h3>{say(title)}</h3><p class="soft">{say(about)}</p>{body}'


def _about(page: ModelPage, scoring: Scoring) -> str:
    card = page.card
    made = say(
        "model_about",
        backend=card.backend,
        model=card.model,
        at=card.at[:16].replace("T", " "),
        rated=f"{card.n_rated:,}",
        ratings=f"{card.n_ratings:,}",
        images=f"{card.n_stimuli:,}",
        seconds=f"{card.seconds:.1f}",
        versions=f"{page.n_versions:,}",
    )
    order = say("model_order_random")
    if scoring.order == "model":
        order = say(
            "model_order_model",
            share=f"{scoring.model_share:.0%}",
            by_model=f"{page.n_model:,}",
            by_chance=f"{page.n_random:,}",
        )
    return f'<p>{made}</p><p>{order}</p><p class="soft">{say("model_saving")}</p>'


def _quality(page: ModelPage, names: Names) -> str:
    keys = ("target", "state", "srcc", "plcc", "rmse", "coverage", "alone", "rated")
    rows = [_evidence(names[name], view) for name, view in page.targets.items()]
    head = [say(f"model_{key}") for key in keys]
    return table_html(head, rows, numeric=set(range(2, len(keys))), is_html_head=True)


def _evidence(name: str, view: TargetView) -> list[str]:
    known = view.evidence
    state = say("model_yes" if known["is_predictable"] else "model_not_yet")
    if known["srcc"] is None:
        state += f"<small>{say('model_few', n=known['n_rated'])}</small>"
    elif not known["is_predictable"]:
        state += f"<small>{say('model_low', needed=f'{MIN_SRCC:.2f}')}</small>"
    share = known["coverage90"]
    return [
        f"<b>{escape(name)}</b>",
        state,
        *(_number(known[key]) for key in ("srcc", "plcc", "rmse")),
        _NONE if share is None else f"{share:.0%}",
        _number(known["prior_srcc"]),
        f"{known['n_rated']:,}",
    ]


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def _differ(found: Sequence[Disagreement], names: Names) -> str:
    rows = [
        [
            thumbnail(one.stimulus),
            open_link(one.stimulus, one.file_name),
            escape(names[one.dimension]),
            f"{one.mos:.2f}{_half(one.ci95)}<small>n {one.n}</small>",
            f"{one.predicted:.2f}<small>± {one.sd:.2f} SD</small>",
        ]
        for one in found
    ]
    head = ["", "", say("model_target"), say("model_people"), say("model_expected")]
    if not rows:
        return f"<p>{say('model_differ_none')}</p>"
    return table_html(head, rows, numeric={3, 4}, is_html_head=True)


def _half(value: float | None) -> str:
    return "" if value is None else f" ± {value:.2f}"


def _blind(page: ModelPage, names: Names) -> str:
    rows = [
        [f"<b>{escape(names[name])}</b>", _verdict(view.blindness)]
        for name, view in page.targets.items()
        if view.blindness is not None
    ]
    few = say("blind_few", n=0)
    return table_html(["", ""], rows) if rows else f"<p>{few}</p>"


def _verdict(test: BlindnessTest) -> str:
    if test.difference is None:
        return say("blind_few", n=f"{test.n_stimuli:,}")
    text = _effect("blind", test.difference, n=f"{test.n_stimuli:,}")
    if test.interaction is not None:
        text += f"<small>{_effect('blind_slope', test.interaction)}</small>"
    return text


def _effect(key: str, effect: ArmEffect, **more: str) -> str:
    is_found = effect.low > 0 or effect.high < 0
    return say(
        f"{key}_{'yes' if is_found else 'no'}",
        estimate=_signed(effect.estimate),
        low=_signed(effect.low),
        high=_signed(effect.high),
        detectable=f"{effect.detectable:.2f}",
        **more,
    )


def _pool(page: ModelPage, names: Names) -> str:
    rows = [
        [f"<b>{escape(names[name])}</b>", _estimate(view.pool_mean), _estimate(view.pool_srcc)]
        for name, view in page.targets.items()
    ]
    head = [say("model_target"), say("pool_mean"), say("pool_srcc")]
    return table_html(head, rows, numeric={1, 2}, is_html_head=True)


def _estimate(one: PoolEstimate | None) -> str:
    if one is None:
        return _NONE
    raw = say("pool_raw", value=f"{one.unweighted:.2f}")
    effective = say("pool_effective", n=f"{one.n:,}", effective=f"{one.n_effective:,.0f}")
    return (
        f"{one.estimate:.2f} ({one.low:.2f} – {one.high:.2f})"
        f"<small>{raw}</small><small>{effective}</small>"
    )


def _drift(page: ModelPage, names: Names) -> str:
    with_eras = {name: view.eras for name, view in page.targets.items() if view.eras}
    if not with_eras:
        return f"<p>{say('drift_none')}</p>"
    n_parts = max(len(eras) for eras in with_eras.values())
    rows = [
        [f"<b>{escape(names[name])}</b>", *(_era(era) for era in eras)]
        for name, eras in with_eras.items()
    ]
    head = [say("model_target"), *(say("drift_part", n=i + 1) for i in range(n_parts))]
    return table_html(head, rows, numeric=set(range(1, n_parts + 1)), is_html_head=True)


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}"


def _era(era: Era) -> str:
    return (
        f"{_signed(era.mean)} ({_signed(era.low)} – {_signed(era.high)})"
        f"<small>RMSE {era.rmse:.2f}, n {era.n:,}</small>"
    )


def _doubts(page: ModelPage) -> str:
    if not page.doubts:
        return f"<p>{say('doubt_none')}</p>"
    rows: Iterable[list[str]] = (_doubt(one) for one in page.doubts)
    more = page.n_doubts - len(page.doubts)
    rest = f'<p class="soft">{say("and_more", n=f"{more:,}")}</p>' if more > 0 else ""
    return table_html(["", "", "", ""], rows) + rest


def _doubt(one: Doubt) -> list[str]:
    return [
        thumbnail(one.stimulus),
        open_link(one.stimulus, one.file_name),
        say(f"doubt_{one.reason}", other=one.other_name),
        button(say("doubt_retire"), do="retire", target=one.stimulus, about=one.file_name),
    ]


class ModelTab:
    """The tab."""

    def __init__(self, view: ModelView, study: Study, names: Names) -> None:
        """Build it."""
        self._view, self._scoring, self._names = view, study.scoring, names
        self._scale = float(study.scale.low), float(study.scale.high)
        choices = [(name, key) for key, name in names.items()]
        with gr.Tab(label("tab_model"), id="model") as self.tab:
            self.page = clickable("model-page")
            with gr.Accordion(label("model_plots"), open=True):
                self._target = gr.Dropdown(
                    choices, value=choices[0][1], label=label("dimension"), filterable=False
                )
                with gr.Row():
                    self._curve = gr.Plot(show_label=False, elem_id="model-curve")
                    self._points = gr.Plot(show_label=False, elem_id="model-points")
            self._clock = gr.Timer(2, active=False)
        everything = [self.page, self._curve, self._points, self._clock]
        self.tab.select(self.show, self._target, everything, **in_order("model", again=True))
        self._clock.tick(self.show, self._target, everything, **in_order("model"))
        self._target.input(self.show, self._target, everything, **in_order("model", again=True))

    def show(self, target: str, request: gr.Request) -> list[Any]:
        """Return page, learning curve and points of a target, and whether to look again."""
        try:
            page, is_old = self._view.page()
        except UserError as error:
            return [refusal(error), None, None, gr.Timer(active=False)]
        html = model_html(
            page, self._names, self._scoring, is_old=is_old, failure=self._view.failure()
        )
        curve = points = None
        if page is not None and target in page.targets:
            name = self._names[target]
            words = words_of(request)
            curve = curve_figure([p for p in page.curve if p["target"] == target], name, words)
            points = expected_figure(page.targets[target].points, name, self._scale, words)
        return [html, curve, points, gr.Timer(active=is_old)]
