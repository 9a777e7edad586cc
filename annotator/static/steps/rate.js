// The step `rate`: one level on each dimension, by key, mouse or touch.

import { h } from "../dom.js";

const LONG_RUBRIC = 140; // characters that fit on a laptop

/**
 * Make the step.
 * @param step what the server says about it
 * @param host {say, changed(), announce(text)}
 */
export function create(step, host) {
  return new Rate(step, host);
}

class Rate {
  constructor(step, { say, changed, announce, language }) {
    Object.assign(this, { step, say, changed, announce, language });
    this.scores = {};
    this.focused = 0;
    this.rows = step.dimensions.map((dimension, index) => this.row(dimension, index));
    this.rubric = h("div", { class: "rubric", lang: language });
    this.element = h("section", { class: "dims", "aria-label": say("ratings") },
      this.rows.map((row) => row.element), this.rubric);
    this.draw();
  }

  row(dimension, index) {
    const title = `dimension-${this.step.name}-${dimension.name}`;
    const buttons = dimension.levels.map((level, place) =>
      h("button", {
        type: "button", role: "radio", class: "level",
        "aria-label": `${level.score} ${level.label}`,
        "aria-description": level.rubric,
        onclick: () => { this.focused = index; this.choose(level.score); buttons[place].focus(); },
        onpointerenter: (event) => event.pointerType === "mouse" && this.hover(index, place),
        onpointerleave: () => this.hover(null),
        onfocus: () => { this.focused = index; this.draw(); },
      }, h("small", {}, String(level.score)), h("span", {}, level.label)));
    const element = h("div", {
      class: "dim", role: "radiogroup", "aria-labelledby": title, "aria-required": "true",
      onclick: (event) => event.target.closest(".level") || this.focusRow(index),
    },
      h("h3", { id: title, lang: this.language }, dimension.label, h("span", {}, dimension.hint)),
      h("div", { class: "levels", style: `--levels:${buttons.length}`, lang: this.language }, buttons));
    return { element, buttons, dimension };
  }

  // -- what the screen asks of every step ---------------------------------------------------

  get answer() {
    return { scores: { ...this.scores } };
  }

  restore(answer) {
    const scores = answer?.scores ?? {};
    for (const { dimension } of this.rows)
      if (dimension.levels.some((level) => level.score === scores[dimension.name]))
        this.scores[dimension.name] = scores[dimension.name];
    this.focused = Math.max(0, this.firstMissing());
    this.draw();
  }

  /** What is still missing, in words, with the cursor put there; null when complete. */
  missing() {
    const index = this.firstMissing();
    if (index < 0) return null;
    this.focusRow(index);
    return this.say("rate_first", { dimension: this.rows[index].dimension.label });
  }

  get isComplete() {
    return this.firstMissing() < 0;
  }

  focus() {
    this.focusRow(this.focused);
  }

  /** Take a key press; true when it was used. */
  key({ digit, key }) {
    const { dimension } = this.rows[this.focused];
    if (digit !== null) {
      const score = dimension.levels.some((level) => level.score === digit) ? digit : null;
      if (score === null) return false;
      this.choose(score);
      this.focusRow(this.after());
      return true;
    }
    if (key === "ArrowUp" || key === "ArrowDown") this.step_(key === "ArrowUp" ? -1 : 1);
    else if (key === "ArrowLeft" || key === "ArrowRight") this.nudge(key === "ArrowLeft" ? -1 : 1);
    else return false;
    return true;
  }

  // -- inside -------------------------------------------------------------------------------

  firstMissing() {
    return this.rows.findIndex(({ dimension }) => !(dimension.name in this.scores));
  }

  /** Where a digit moves on to: the next dimension, from the last one to what is missing. */
  after() {
    if (this.focused + 1 < this.rows.length) return this.focused + 1;
    const missing = this.firstMissing();
    return missing < 0 ? this.focused : missing;
  }

  step_(by) {
    this.focusRow(Math.min(this.rows.length - 1, Math.max(0, this.focused + by)));
  }

  nudge(by) {
    const { dimension } = this.rows[this.focused];
    const levels = dimension.levels.map((level) => level.score);
    const now = levels.indexOf(this.scores[dimension.name]);
    const place = now < 0 ? (by > 0 ? 0 : levels.length - 1) : now + by;
    if (place < 0 || place >= levels.length) return;
    this.choose(levels[place]);
    this.focusRow(this.focused);
  }

  choose(score) {
    const { dimension } = this.rows[this.focused];
    this.scores[dimension.name] = score;
    const level = dimension.levels.find((one) => one.score === score);
    this.announce(`${dimension.label}: ${score} ${level.label}`);
    this.draw();
    this.changed();
  }

  focusRow(index) {
    this.focused = index;
    this.draw();
    this.rows[index].buttons.find((button) => button.tabIndex === 0).focus({ preventScroll: false });
  }

  hover(index, place) {
    this.hovered = index === null ? null : { index, place };
    this.drawRubric();
  }

  draw() {
    this.rows.forEach(({ element, buttons, dimension }, index) => {
      const chosen = dimension.levels.findIndex((l) => l.score === this.scores[dimension.name]);
      element.classList.toggle("focus", index === this.focused);
      buttons.forEach((button, place) => {
        button.setAttribute("aria-checked", String(place === chosen));
        button.tabIndex = place === Math.max(0, chosen) ? 0 : -1;
      });
    });
    this.drawRubric();
  }

  drawRubric() {
    const index = this.hovered?.index ?? this.focused;
    const { dimension } = this.rows[index];
    const chosen = dimension.levels.findIndex((l) => l.score === this.scores[dimension.name]);
    const place = this.hovered?.place ?? chosen;
    const ends = [dimension.levels.length - 1, 0];
    const lines = dimension.levels.map((level, at) => {
      const kind = at === place ? "current" : place < 0 && ends.includes(at) ? "end" : "";
      return h("p", { class: kind }, h("b", {}, `${level.score} ${level.label}`), level.rubric);
    });
    // A long text is scrolled, by keyboard too; a short one is no stop for Tab.
    const shown = dimension.levels[place]?.rubric ?? "";
    this.rubric.tabIndex = shown.length > LONG_RUBRIC ? 0 : -1;
    this.rubric.replaceChildren(h("h4", {}, dimension.label), ...lines.reverse());
  }
}
