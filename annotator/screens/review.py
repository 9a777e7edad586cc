"""The tab Review: one draft at a time, decided by keys; samples, two reviewers, history."""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple

import gradio as gr

from annotator.questions_review import Agreement, ReviewDesk, Sample, Shown
from annotator.screens.desk_html import clock_time, empty, table_html, tag
from annotator.screens.desk_parts import author_of, in_order, refusal
from annotator.screens.desk_words import label, say
from annotator.store.questions import StoredDraft
from schemas.errors import UserError
from schemas.question import LETTERS

__all__ = ["ReviewTab", "agreement_html", "draft_html", "sample_html"]

_KEYS = """
const keys = {a: "accept", e: "edit", r: "reject", s: "send-back", n: "later"};
const field = (name) => document.querySelector(`#${name} textarea, #${name} input`);
const seen = () => field("review-draft")?.value + document.querySelector("#review-said").innerText;
const PATIENCE_MS = 2000;
let asked = "reject";
let pressed = { seen: null, at: 0 };
// What is typed before the answer is on the screen would be about a draft nobody has seen yet.
const waits = () => pressed.seen === seen() && Date.now() - pressed.at < PATIENCE_MS;
function press(name) {
  pressed = { seen: seen(), at: Date.now() };
  document.querySelector(`#review-${name}`)?.click();
}
function begin(name) {
  const reason = field("review-reason");
  if ((name === "reject" || name === "send-back") && reason && !reason.value.trim()) {
    asked = name;
    reason.focus();
  } else if (name === "edit" && !document.activeElement.closest?.("#review-text")) {
    field("review-text")?.focus();
  } else {
    press(name);
  }
}
document.addEventListener("keydown", (event) => {
  if (!element.offsetParent || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target;
  if (target.matches("textarea, select, input:not([type=checkbox])")) {
    const sends = event.key === "Enter" && !event.shiftKey;
    if (event.key === "Escape") target.blur();
    else if (sends && target.closest("#review-reason")) press(asked);
    else if (sends && target.closest("#review-text")) press("edit");
    else if (sends && event.ctrlKey && target.closest("#review-options")) press("edit");
    else return;
    event.preventDefault();
    target.blur();
    return;
  }
  const name = keys[event.key.toLowerCase()];
  if (!name || event.ctrlKey) return;
  event.preventDefault();
  if (!waits()) begin(name);
}, true);
"""
_LOOK = (
    "<style>.review-pair{display:flex;flex-wrap:wrap;gap:0 24px;align-items:flex-start}"
    ".review-pair>*{flex:1 1 22rem;min-width:0}.review-pair img{max-width:100%;max-height:60vh}"
    ".review-pair ol{padding-left:1.6em}</style>"
)


def draft_html(shown: Shown | None, *, with_history: bool = True) -> str:
    """Return a draft beside its image: the feedback with the span marked, options, checks.

    Args:
        shown: The draft, None where none is waiting.
        with_history: Whether to tell what was decided about it: a second opinion is asked for
            before that is known.
    """
    if shown is None:
        return f'<div class="siqa desk">{empty(say("review_done"), say("review_done_then"))}</div>'
    draft = shown.item.draft
    source = f"/images/{escape(draft.stimulus, quote=True)}?w=900"
    options = "".join(_option(shown.item, index) for index in range(len(draft.options)))
    left = say("review_left", n=f"{shown.n_left:,}", accepted=f"{shown.n_accepted:,}")
    about = " · ".join(filter(None, (draft.type, draft.dimension, draft.discipline, draft.model)))
    return (
        f'{_LOOK}<div class="siqa desk review"><p class="soft">{left}</p><div class="review-pair">'
        f'<div><img src="{source}" alt=""></div>'
        f'<div><p class="text">{_marked(shown)}</p><p class="soft">{escape(about)}</p>'
        f'<h2 id="review-question">{escape(draft.question)}</h2><ol type="A">{options}</ol>'
        f'<p class="soft">{escape(draft.explanation)}</p>{_checks(shown.item)}'
        f"{_history(shown.item) if with_history else ''}</div></div></div>"
    )


def _marked(shown: Shown) -> str:
    draft, text = shown.item.draft, shown.text
    start, end = draft.span_start, draft.span_end
    return f"{escape(text[:start])}<mark>{escape(text[start:end])}</mark>{escape(text[end:])}"


def _option(item: StoredDraft, index: int) -> str:
    text = escape(item.draft.options[index])
    is_right = LETTERS[index] == item.draft.answer
    return f"<li><b>{text}</b> ✓</li>" if is_right else f"<li>{text}</li>"


def _checks(item: StoredDraft) -> str:
    told = [v for v in item.verdicts if v.outcome != "keep" or v.reason]
    return "".join(tag(escape(f"{v.check}: {v.reason or v.outcome}")) for v in told)


def _history(item: StoredDraft) -> str:
    if not item.reviews:
        return ""
    rows = [
        [
            clock_time(review.at),
            escape(review.reviewer),
            say(f"review_{review.verdict}_done"),
            escape(review.reason),
            escape("; ".join(f"{name}: {value}" for name, value in review.changes.items())),
        ]
        for review in item.reviews
    ]
    head = [say("when"), say("review_who"), say("review_verdict"), say("reason"), ""]
    return table_html(head, rows, is_html_head=True)


def sample_html(sample: Sample | None) -> str:
    """Return how a sample stands, with the error it states for the rest."""
    if sample is None:
        return ""
    if sample.interval is None:
        return note_html(say("review_sample_empty"))
    low, high = (f"{limit:.1%}" for limit in sample.interval)
    return note_html(
        say(
            "review_sample", n=sample.n, wrong=sample.n_wrong, low=low, high=high,
            rest=f"{sample.n_unreviewed:,}",
        )
    )  # fmt: skip


def note_html(text: str) -> str:
    """Return a line of text that `say` has made."""
    return f'<div class="siqa desk"><p class="soft">{text}</p></div>'


def agreement_html(found: list[Agreement]) -> str:
    """Return the kappa of every two reviewers."""
    lines = [
        say(
            "review_kappa", first=one.reviewers[0], second=one.reviewers[1], n=one.n,
            kappa="–" if one.kappa is None else f"{one.kappa:.2f}",
        )
        for one in found
    ]  # fmt: skip
    return "".join(map(note_html, lines))


class _Sitting(NamedTuple):
    """What the server keeps of one visit to the tab."""

    draft: str = ""
    """What is on the screen."""
    batch: str = ""
    """The sample that is being looked at."""
    skipped: tuple[str, ...] = ()
    """Put off."""


class ReviewTab:
    """The tab."""

    def __init__(self, review: ReviewDesk) -> None:
        """Build it over what reviews."""
        self._review = review
        with gr.Tab(label("tab_review"), id="review") as self.tab:
            gr.HTML("<span></span>", js_on_load=_KEYS, apply_default_css=False)
            self.draft = gr.Textbox(visible="hidden", elem_id="review-draft")
            self.sitting = gr.State(_Sitting())
            with gr.Row(elem_classes="bar"):
                self.second = gr.Checkbox(label=label("review_second"), scale=0, min_width=220)
                sample = gr.Button(label("review_start_sample"), size="sm", scale=0, min_width=160)
                rest = gr.Button(label("review_accept_rest"), size="sm", scale=0, min_width=200)
            self.sample = gr.HTML("", apply_default_css=False, elem_id="review-sample")
            self.page = gr.HTML("", apply_default_css=False, elem_id="review-page")
            self.said = gr.HTML("", apply_default_css=False, elem_id="review-said")
            with gr.Row(elem_classes="bar"):
                accept = self._button("accept", "primary")
                edit = self._button("edit")
                reject = self._button("reject")
                back = self._button("send-back")
                later = self._button("later")
            self.reason = gr.Textbox(label=label("reason"), elem_id="review-reason")
            with gr.Group():
                self.question = gr.Textbox(label=label("review_question"), elem_id="review-text")
                self.options = gr.Textbox(
                    label=label("review_options"), lines=4, elem_id="review-options"
                )
        self._shown = [
            self.draft, self.page, self.reason, self.question, self.options, self.said, self.sample,
            self.sitting,
        ]  # fmt: skip
        shown, done = in_order("review", again=True), in_order("review")
        asked = [self.second, self.sitting]
        given = [self.draft, self.reason, self.question, self.options, *asked]
        self.tab.select(self.show, asked, self._shown, **shown)
        self.second.input(self.show, asked, self._shown, **shown)
        sample.click(self.begin_sample, asked, self._shown, **done)
        rest.click(self.accept_rest, asked, self._shown, **done)
        later.click(self._decider("later"), given, self._shown, **done)
        for button, verdict in (
            (accept, "accept"), (edit, "edit"), (reject, "reject"), (back, "send_back"),
        ):  # fmt: skip
            button.click(self._decider(verdict), given, self._shown, **done)

    def _button(self, name: str, variant: Any = "secondary") -> gr.Button:
        words = label("review_" + name.replace("-", "_"))
        return gr.Button(words, size="sm", variant=variant, elem_id=f"review-{name}")

    def show(
        self, second: bool, sitting: _Sitting, request: gr.Request, said: str = ""
    ) -> list[Any]:
        """Return the next draft: id, page, empty reason, texts to edit, what was said, sample."""
        batch = sitting.batch
        shown = self._review.next(
            author_of(request), second=second, batch=batch, skip=sitting.skipped
        )
        sample = self._review.sample(batch) if batch else None
        below = sample_html(sample) + agreement_html(self._review.agreement())
        page = draft_html(shown, with_history=not second)
        if shown is None:
            return ["", page, "", "", "", said, below, sitting._replace(draft="")]
        draft = shown.item.draft
        texts = [draft.question, "\n".join(draft.options)]
        return [draft.draft, page, "", *texts, said, below, sitting._replace(draft=draft.draft)]

    def _decider(self, verdict: str) -> Any:
        def decide(
            draft: str, reason: str, question: str, options: str, second: bool,
            sitting: _Sitting, request: gr.Request,
        ) -> list[Any]:  # fmt: skip
            if draft != sitting.draft or not draft:
                # Pressed before the next draft was on the screen, or in a sitting that the server
                # no longer knows: nothing may be decided about what nobody saw.
                return self._same() if sitting.draft else self.show(second, sitting, request)
            if verdict == "later":
                put_off = sitting._replace(skipped=(*sitting.skipped, draft))
                return self.show(second, put_off, request)
            changes = {"question": question, "options": options.splitlines()}
            try:
                self._review.decide(
                    draft, verdict, author_of(request), reason=reason, changes=changes,
                    batch="" if second else sitting.batch,
                )  # fmt: skip
            except UserError as error:
                return self._same(refusal(error))
            return self.show(second, sitting, request)

        return decide

    def _same(self, said: Any = None) -> list[Any]:
        """Change nothing on the page but what is said."""
        same: list[Any] = [gr.skip()] * len(self._shown)
        if said is not None:
            same[self._shown.index(self.said)] = said
        return same

    def begin_sample(self, second: bool, sitting: _Sitting, request: gr.Request) -> list[Any]:
        """Show the first draft of a new sample."""
        return self.show(second, sitting._replace(batch=self._review.new_sample()), request)

    def accept_rest(self, second: bool, sitting: _Sitting, request: gr.Request) -> list[Any]:
        """Accept what is left on the strength of the sample."""
        try:
            found = self._review.accept_rest(sitting.batch, author_of(request))
        except UserError as error:
            return self._same(refusal(error))
        told = note_html(say("review_rest_done", rest=f"{found.n_unreviewed:,}", n=found.n))
        return self.show(second, sitting, request, told)
