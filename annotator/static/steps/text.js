// The step `text`: say in words what is seen and what follows.

import { h } from "../dom.js";

/**
 * Make the step.
 * @param step what the server says about it
 * @param host {say, changed(), announce(text)}
 */
export function create(step, host) {
  return new Text(step, host);
}

class Text {
  constructor(step, { say, changed, language }) {
    Object.assign(this, { step, say, changed, language });
    const id = `text-${step.name}`;
    this.box = h("textarea", {
      id, rows: 3, spellcheck: "true", lang: language, placeholder: step.placeholder,
      "aria-describedby": `${id}-hint`, "aria-required": step.required ? "true" : false,
      oninput: () => this.typed(),
    });
    this.state = h("span", { class: "state", role: "status" });
    this.count = h("span", { class: "soft" });
    this.hint = h("span", { class: "hint", id: `${id}-hint` });
    const wish = step.required ? "text_required" : step.asked ? "text_asked" : "text_welcome";
    this.element = h("section", { class: `words-step ${step.asked ? "asked" : ""}` },
      h("label", { for: id }, h("span", { lang: language, title: step.prompt }, step.prompt),
        h("small", {}, say(wish))),
      this.chips(),
      this.box,
      h("div", { class: "under" }, this.state, this.hint, this.count));
    this.recount();
  }

  chips() {
    if (!this.step.chips.length) return null;
    const buttons = this.step.chips.map((word, place) =>
      h("button", {
        type: "button", class: "chip", tabindex: place ? "-1" : "0", lang: this.language, title: word,
        onpointerdown: (event) => event.preventDefault(), // the cursor stays in the box
        onclick: () => this.insert(word),
        onkeydown: (event) => this.roam(event, buttons, place),
      }, word));
    return h("div", { class: "chips", role: "toolbar", "aria-label": this.say("chips") }, buttons);
  }

  roam(event, buttons, place) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const to = buttons[(place + by + buttons.length) % buttons.length];
    buttons[place].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  /** Put a word where the cursor is, with the blanks it needs; the browser's undo takes it back. */
  insert(word) {
    const { box } = this;
    const before = box.value.slice(0, box.selectionStart);
    const after = box.value.slice(box.selectionEnd);
    const spaced = /^zh|^ja/.test(this.language) ? "" : " ";
    const text = (before && !/\s$/.test(before) ? spaced : "") + word + (/^\S/.test(after) ? spaced : "");
    box.focus();
    if (!document.execCommand("insertText", false, text)) {
      box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
      this.typed();
    }
  }

  // -- what the screen asks of every step ---------------------------------------------------

  get answer() {
    return { text: this.box.value };
  }

  restore(answer) {
    this.box.value = answer?.text ?? "";
    this.recount();
  }

  missing() {
    if (this.isComplete) return null;
    this.focus();
    return this.tooLong ? this.say("text_too_long", this.lengths) : this.say("text_missing");
  }

  get isComplete() {
    return !this.tooLong && (!this.step.required || Boolean(this.box.value.trim()));
  }

  focus() {
    this.box.focus();
  }

  key() {
    return false;
  }

  /** Say where the text is: saving, saved, kept in this browser only, lost. */
  saved(how) {
    this.state.textContent = how ? this.say("draft_" + how) : "";
    this.state.className = "state " + (how ?? "");
  }

  /** A gentle word under the box; never in the way. */
  advise(others) {
    let text = "";
    if (this.step.asked && !this.box.value.trim() && others.rated) text = this.say("text_wanted");
    else text = faultOnBest(this.box.value, others.best, this.say);
    this.hint.textContent = text;
  }

  // -- inside -------------------------------------------------------------------------------

  get lengths() {
    return { n: [...this.box.value].length, limit: this.step.max_characters };
  }

  get tooLong() {
    return this.box.value.length > this.step.max_characters && this.lengths.n > this.lengths.limit;
  }

  typed() {
    this.recount();
    this.changed();
  }

  recount() {
    const near = this.box.value.length > 0.9 * this.step.max_characters;
    this.count.textContent = near
      ? this.say("characters_of", this.lengths)
      : this.say("words", { n: countWords(this.box.value, this.language) });
    this.element.classList.toggle("too-long", this.tooLong);
    this.box.setAttribute("aria-invalid", String(this.tooLong));
  }
}

export function countWords(text, language) {
  if (!Intl.Segmenter) return text.split(/\s+/).filter(Boolean).length;
  const words = new Intl.Segmenter(language, { granularity: "word" }).segment(text);
  return Array.from(words).filter((word) => word.isWordLike).length;
}

const FAULT = /\b(no|not|missing|lacks?|without|wrong|incorrect|unclear|blurr\w*|illegible|unreadable|poor|bad|cannot|overlap\w*)\b|没有|缺|不|错|模糊|无/i;

/** Where a sentence names a fault on a dimension that got the best score: ask, once, kindly. */
function faultOnBest(text, best, say) {
  for (const dimension of best) {
    const named = text.split(/[.!?。！？\n]/).find(
      (sentence) => sentence.toLowerCase().includes(dimension.label.toLowerCase()) && FAULT.test(sentence));
    if (named) return say("fault_on_best", { dimension: dimension.label, score: dimension.score });
  }
  return "";
}
