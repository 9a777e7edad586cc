// The rating screen: one image, its steps, submit, the next image.

import * as routes from "./routes.js";
import * as kept from "./kept.js";
import { h } from "./dom.js";
import { Draft } from "./drafts.js";
import { Viewer } from "./viewer.js";
import { Notice } from "./notice.js";
import { Outgoing } from "./outgoing.js";
import { Ahead } from "./ahead.js";
import { buildFrame } from "./frame.js";
import { showKeys } from "./dialogs.js";
import { Keyboard } from "./keyboard.js";
import { chosenKeys } from "./keys.js";
import { firstLanguage, rememberLanguage, wordsIn } from "./words.js";

/** Step kinds: a later kind is one more file in steps/ (and in schemas/steps/). */
const stepOf = (kind) => import(`./steps/${kind}.js`);

/** Put the rating screen into `root`. `options.language` is the study's language. */
export async function mount(root, options = {}) {
  const screen = new RatingScreen(root, options);
  await screen.start();
  return screen;
}

class RatingScreen {
  constructor(root, { language = "en" }) {
    this.root = root;
    this.studyLanguage = language;
    this.language = firstLanguage(language);
    this.steps = [];
    this.kinds = {}; // kind of step -> its module
    this.busy = false;
    this.keys = chosenKeys();
    this.keyboard = new Keyboard(this);
    this.outgoing = new Outgoing(this);
    this.ahead = new Ahead(this);
    this.others = "BroadcastChannel" in window ? new BroadcastChannel("siqa") : null;
  }

  async start() {
    kept.dropOldDrafts();
    await this.build();
    this.listen();
    await (this.outgoing.resume() ?? this.load());
  }

  async build() {
    this.say = wordsIn(this.language);
    document.documentElement.lang = this.language;
    this.frame = buildFrame(this.say, this.language, this.keys, this.actions);
    this.notice = new Notice(this.frame, this.say, this.language);
    this.root.replaceChildren(this.frame.element);
    this.viewer = await Viewer.in(this.frame.image, (view) => this.drawView(view));
    this.drawTheme();
  }

  /** What buttons and keys do, by name. */
  get actions() {
    return {
      theme: () => { window.siqaTheme.toggle(); this.drawTheme(); },
      language: (to) => this.speak(to),
      keys: () => showKeys(this.frame.element, this.say, () => this.rekey()),
      fit: () => this.viewer.fit(),
      actual: () => this.viewer.enlarge(1),
      double: () => this.viewer.enlarge(2),
      smooth: () => this.viewer.setSmooth(!this.viewer.smooth),
      write: () => this.steps.find((step) => step.box)?.focus(),
      back: () => this.item?.can_undo !== false && this.outgoing.back(),
      skip: () => this.outgoing.skip(),
      submit: () => this.outgoing.submit(),
    };
  }

  /** Build the screen again in other words or with other keys; nothing typed is touched. */
  async rebuild() {
    if (this.busy) return; // a submission on its way must not be opened again
    const { item, draft } = this;
    this.viewer.viewer.destroy();
    await this.build();
    if (item?.done) this.farewell(item);
    else if (item) await this.show(item, draft);
  }

  async speak(language) {
    if (this.busy) return;
    this.language = language;
    rememberLanguage(language);
    await this.rebuild();
  }

  rekey() {
    this.keys = chosenKeys();
    this.frame.element.querySelector("dialog").addEventListener("close", () => this.rebuild());
  }

  // -- what is shown ------------------------------------------------------------------------

  /** Ask what comes next; on failure say so and try again. */
  async load() {
    try {
      const item = await routes.next();
      this.notice.tell(null);
      await this.show(item);
    } catch (error) {
      if (error instanceof routes.Refused && !error.passing) return this.stop(error);
      this.notice.trouble(error);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await this.load();
    }
  }

  /** Show what the server gave: an image with its steps, or a farewell. */
  async show(item, draft = null) {
    const known = this.ahead.meet(item);
    if (!known.image) this.keyboard.forget(); // what was pressed early was about another image
    if (this.draft !== draft) this.draft?.close();
    this.item = item;
    this.frame.problem.textContent = "";
    if (item.done) return this.farewell(item);
    this.notice.closePage();
    this.draft = draft ?? new Draft(item.assignment_id, item.draft?.answers ?? {}, (...state) => this.saved(...state));
    const shown = known.image || this.showImage(item);
    await this.showSteps(item, known.steps);
    this.drawProgress(item);
    await shown;
    if (this.item !== item) return;
    this.lock(false);
    if (!document.querySelector("dialog[open]")) this.steps[0].focus();
    if (known.image) this.keyboard.catchUp();
    else this.shownAt = performance.now();
    if (item.upcoming) this.prepare(item.upcoming);
  }

  /** Have the next image decoded; the page says when it is, for whoever measures. */
  prepare(picture) {
    const { dataset } = this.frame.image;
    this.viewer.prepare(picture).then(() => (dataset.ready = picture.image_url), () => {});
  }

  async showImage({ stimulus }) {
    const { image } = this.frame;
    this.lock(true);
    image.dataset.loading = this.say("loading");
    image.classList.remove("broken");
    this.nameImage(stimulus);
    try {
      await this.viewer.show(stimulus);
    } catch {
      this.viewer.wait();
      image.classList.replace("loading", "broken");
      this.notice.tell("image_failed", { again: () => this.showAgain({ stimulus }) });
    }
  }

  nameImage(picture) {
    this.frame.image.setAttribute("aria-label", this.say("image_of", picture));
  }

  async showAgain(item) {
    this.notice.tell(null);
    await this.showImage(item);
    this.lock(false);
  }

  async showSteps(item, areThere) {
    const missing = item.steps.filter(({ kind }) => !this.kinds[kind]);
    for (const { kind } of missing) this.kinds[kind] = await stepOf(kind);
    if (!areThere) this.layOut(item.steps);
    this.steps.forEach((step, place) => step.restore(this.draft.answers[item.steps[place].name]));
    if (!this.draft.unsaved && Object.keys(this.draft.answers).length) this.saved("saved");
    this.advise();
  }

  /** Put steps in view, with nothing answered. */
  layOut(steps) {
    const host = {
      say: this.say,
      language: this.item.study?.language ?? this.studyLanguage,
      changed: () => this.changed(),
      announce: (text) => (this.frame.spoken.textContent = text),
    };
    this.putSteps(steps.map((step) => this.kinds[step.kind].create(step, host)));
  }

  putSteps(steps) {
    this.steps = steps;
    this.frame.steps.replaceChildren(...steps.map((step) => step.element));
  }

  drawProgress({ progress = {}, study, rater, can_undo: canUndo, correcting }) {
    const { frame, say } = this;
    this.progress = progress;
    const { done = 0, total = null, session = 0 } = progress;
    frame.title.textContent = study?.title ?? "";
    document.title = study?.title ?? document.title;
    frame.rater.textContent = rater ?? "";
    frame.bar.hidden = !total;
    if (total) {
      frame.fill.style.width = `${(100 * Math.min(done, total)) / total}%`;
      frame.bar.setAttribute("aria-valuemax", total);
      frame.bar.setAttribute("aria-valuenow", done);
    }
    frame.counted.textContent = total ? say("done_of", { done, total }) : say("done", { n: done });
    frame.sitting.textContent = correcting ? say("correcting") : say("sitting", { n: session });
    frame.sitting.classList.toggle("correcting", Boolean(correcting));
    frame.back.disabled = !canUndo;
  }

  drawView({ percent, mode, smooth, width, height }) {
    const { tools, scale } = this.frame;
    scale.textContent = this.say("scale", { percent, width: String(width), height: String(height) });
    tools.fit.setAttribute("aria-pressed", String(mode === "fit"));
    tools.actual.setAttribute("aria-pressed", String(mode !== "fit" && percent === 100));
    tools.double.setAttribute("aria-pressed", String(percent === 200));
    tools.smooth.setAttribute("aria-pressed", String(!smooth));
  }

  drawTheme() {
    const to = window.siqaTheme.current() === "dark" ? "light" : "dark";
    this.frame.theme.textContent = this.say("theme_" + to);
  }

  farewell(item) {
    this.drawProgress({ ...item, progress: item.progress ?? this.progress });
    const back = item.can_undo === false ? [] : [this.button("plain", "back_last", () => this.outgoing.back())];
    const title = this.say.or("done_title_" + item.reason, this.say("done_title"));
    this.showPage(title, this.notice.rest(item), "ask_again", back);
  }

  /** The server lets this person do nothing here: say why, with a way to try again. */
  stop(error) {
    const title = this.say(error.loggedOut ? "logged_out_title" : "refused_title");
    this.item = null;
    this.showPage(title, this.notice.reason(error), "look_again");
  }

  showPage(title, text, wording, more = []) {
    this.draft?.close();
    this.draft = null;
    this.steps = [];
    this.viewer.clear();
    this.frame.steps.replaceChildren();
    this.lock(false);
    this.notice.page(title, text, this.button("go", wording, () => this.load()), ...more);
  }

  button(kind, wording, onclick) {
    return h("button", { type: "button", class: kind, onclick }, this.say(wording));
  }

  // -- what is typed ------------------------------------------------------------------------

  get answers() {
    return Object.fromEntries(this.item.steps.map((step, place) => [step.name, this.steps[place].answer]));
  }

  changed() {
    this.frame.problem.textContent = "";
    this.advise();
    this.draft.change(this.answers);
  }

  saved(how, error) {
    this.steps.forEach((step) => step.saved?.(how));
    if (error?.loggedOut) this.notice.tell("logged_out");
    else if (error && !error.passing && error instanceof routes.Refused) this.notice.trouble(error);
    else if (how === "saved") this.notice.settle();
  }

  advise() {
    const rated = this.steps.every((step) => !step.step.dimensions || step.isComplete);
    const best = this.steps.flatMap(({ step, scores }) => (step.dimensions ?? []).flatMap((dimension) => {
      const score = Math.max(...dimension.levels.map((level) => level.score));
      return scores[dimension.name] === score ? [{ label: dimension.label, score }] : [];
    }));
    this.steps.forEach((step) => step.advise?.({ rated, best }));
  }

  /** True where there is nothing to answer, or it is on its way. */
  get isIdle() {
    return this.busy || !this.item || this.item.done;
  }

  /** Say what is missing; true where something is. */
  complain() {
    for (const step of this.steps) {
      const missing = step.missing();
      if (missing) {
        this.frame.problem.textContent = missing;
        return true;
      }
    }
    return false;
  }

  lock(busy) {
    this.busy = busy;
    const { element, steps, back, skip, go } = this.frame;
    element.classList.toggle("busy", busy);
    steps.inert = busy;
    skip.disabled = go.disabled = busy;
    back.disabled = busy || !this.item?.can_undo;
  }

  // -- events -------------------------------------------------------------------------------

  listen() {
    document.addEventListener("keydown", (event) => this.keyboard.press(event));
    const leave = () => this.draft?.send({ last: true });
    addEventListener("pagehide", leave);
    addEventListener("blur", () => this.draft?.send());
    this.root.addEventListener("focusout", () => this.draft?.send());
    document.addEventListener("visibilitychange", () => (document.hidden ? leave() : this.refresh()));
    addEventListener("online", () => { this.outgoing.hurry(); this.draft?.send(); });
    this.others?.addEventListener("message", ({ data }) => {
      if (data.finished === this.item?.assignment_id && !this.busy) this.goOn(() => this.load());
    });
  }

  /** The image was finished elsewhere: words that stood here are shown once more. */
  async goOn(toNext) {
    const answers = Object.values(this.draft?.answers ?? {});
    const words = answers.map((answer) => answer?.text ?? "").join(" ").trim();
    await toNext();
    if (words) this.notice.tell("elsewhere", { reason: words });
  }

  /** Back on this page: another tab or device may have gone on meanwhile. */
  async refresh() {
    this.outgoing.hurry();
    if (this.busy || !this.draft || this.draft.unsaved) return;
    try {
      const item = await routes.next();
      const same = item.assignment_id === this.item.assignment_id;
      const drafted = JSON.stringify(item.draft?.answers ?? {});
      if (this.busy || this.draft?.unsaved || (same && drafted === this.draft.synced)) return;
      await (same ? this.show(item) : this.goOn(() => this.show(item)));
    } catch (error) {
      // Nothing was asked for by hand: a cut network shows itself with the next draft.
      if (!(error instanceof routes.Unreachable)) this.notice.trouble(error);
    }
  }
}
