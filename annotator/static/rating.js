// The rating screen: one image, its steps, submit, the next image.

import * as routes from "./routes.js";
import * as kept from "./kept.js";
import { h } from "./dom.js";
import { Draft } from "./drafts.js";
import { Viewer } from "./viewer.js";
import { Delivery } from "./delivery.js";
import { buildFrame } from "./frame.js";
import { askReason, showKeys } from "./dialogs.js";
import { Keyboard } from "./keyboard.js";
import { chosenKeys } from "./keys.js";
import { firstLanguage, rememberLanguage, wordsIn } from "./words.js";

/** Notices that a saved draft does not take away. */
const STAYING = new Set(["image_failed", "elsewhere"]);

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
    this.busy = false;
    this.keys = chosenKeys();
    this.keyboard = new Keyboard(this);
    this.others = "BroadcastChannel" in window ? new BroadcastChannel("siqa") : null;
  }

  async start() {
    kept.dropOldDrafts();
    await this.build();
    this.listen();
    this.delivery = new Delivery((how, error) => this.delivering(how, error));
    const waiting = kept.outbox();
    if (waiting) {
      this.lock(true);
      await this.deliver(waiting);
    } else await this.load();
  }

  async build() {
    this.say = wordsIn(this.language);
    document.documentElement.lang = this.language;
    this.frame = buildFrame(this.say, this.language, this.keys, this.actions);
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
      back: () => this.item?.can_undo !== false && this.back(),
      skip: () => this.skip(),
      submit: () => this.submit(),
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
      this.tell(null);
      await this.show(item);
    } catch (error) {
      if (error instanceof routes.Refused && !error.passing) return this.stop(error);
      this.trouble(error);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await this.load();
    }
  }

  /** Show what the server gave: an image with its steps, or a farewell. */
  async show(item, draft = null) {
    if (this.draft !== draft) this.draft?.close();
    this.item = item;
    this.frame.problem.textContent = "";
    if (item.done) return this.farewell(item);
    this.frame.page.hidden = true;
    this.draft = draft ?? new Draft(item.assignment_id, item.draft?.answers ?? {}, (...state) => this.saved(...state));
    const shown = this.showImage(item);
    await this.showSteps(item);
    this.drawProgress(item);
    await shown;
    if (this.item !== item) return;
    this.lock(false);
    if (!document.querySelector("dialog[open]")) this.steps[0].focus();
    this.shownAt = performance.now();
    if (item.upcoming) this.viewer.prepare(item.upcoming).catch(() => {});
  }

  async showImage({ stimulus }) {
    const { image } = this.frame;
    this.lock(true);
    image.dataset.loading = this.say("loading");
    image.classList.remove("broken");
    image.setAttribute("aria-label", this.say("image_of", stimulus));
    try {
      await this.viewer.show(stimulus);
    } catch {
      this.viewer.wait();
      image.classList.replace("loading", "broken");
      this.tell("image_failed", { again: () => this.showAgain({ stimulus }) });
    }
  }

  async showAgain(item) {
    this.tell(null);
    await this.showImage(item);
    this.lock(false);
  }

  async showSteps(item) {
    const kinds = await Promise.all(item.steps.map((step) => stepOf(step.kind)));
    const host = {
      say: this.say,
      language: item.study?.language ?? this.studyLanguage,
      changed: () => this.changed(),
      announce: (text) => (this.frame.spoken.textContent = text),
    };
    this.steps = item.steps.map((step, place) => kinds[place].create(step, host));
    this.steps.forEach((step, place) => step.restore(this.draft.answers[item.steps[place].name]));
    this.frame.steps.replaceChildren(...this.steps.map((step) => step.element));
    if (!this.draft.unsaved && Object.keys(this.draft.answers).length) this.saved("saved");
    this.advise();
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
    tools.actual.setAttribute("aria-pressed", String(percent === 100));
    tools.double.setAttribute("aria-pressed", String(percent === 200));
    tools.smooth.setAttribute("aria-pressed", String(!smooth));
  }

  drawTheme() {
    const to = window.siqaTheme.current() === "dark" ? "light" : "dark";
    this.frame.theme.textContent = this.say("theme_" + to);
  }

  farewell(item) {
    this.drawProgress({ ...item, progress: item.progress ?? this.progress });
    const back = h("button", { type: "button", class: "plain", onclick: () => this.back() }, this.say("back_last"));
    // The server's own words are English and say more; others come from the catalogue.
    const own = item.message ?? item.reason;
    const reason = this.language === "en" ? own : this.say.or("done_" + item.reason, own);
    this.showPage(this.say("done_title"), reason, item.can_undo === false ? "" : back, "ask_again");
  }

  /** The server lets this person do nothing here: say why, with a way to try again. */
  stop(error) {
    this.showPage(this.say(error.loggedOut ? "logged_out_title" : "refused_title"), error.message, "");
  }

  showPage(title, text, more, wording = "look_again") {
    const { page } = this.frame;
    this.draft?.close();
    this.draft = null;
    this.steps = [];
    this.viewer.clear();
    this.frame.steps.replaceChildren();
    const again = h("button", { type: "button", class: "go", onclick: () => this.load() }, this.say(wording));
    page.replaceChildren(h("h1", {}, title), h("p", {}, text), h("p", { class: "row" }, again, more));
    page.hidden = false;
    this.tell(null);
    this.lock(false);
    again.focus();
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
    if (error?.loggedOut) this.tell("logged_out");
    else if (error && !error.passing && error instanceof routes.Refused) this.trouble(error);
    else if (how === "saved" && !STAYING.has(this.notice)) this.tell(null);
  }

  advise() {
    const rated = this.steps.every((step) => !step.step.dimensions || step.isComplete);
    const best = this.steps.flatMap(({ step, scores }) => (step.dimensions ?? []).flatMap((dimension) => {
      const score = Math.max(...dimension.levels.map((level) => level.score));
      return scores[dimension.name] === score ? [{ label: dimension.label, score }] : [];
    }));
    this.steps.forEach((step) => step.advise?.({ rated, best }));
  }

  // -- what is sent -------------------------------------------------------------------------

  async submit() {
    if (this.busy || !this.item || this.item.done) return;
    for (const step of this.steps) {
      const missing = step.missing();
      if (missing) {
        this.frame.problem.textContent = missing;
        return;
      }
    }
    const now = performance.now();
    const submission = {
      assignment_id: this.item.assignment_id,
      client_id: kept.freshId(),
      answers: this.answers,
      duration_ms: Math.round(now - (this.shownAt ?? now)),
      view: this.viewer.record(),
    };
    this.draft.close(); // before the lock, which takes the focus away and would save once more
    this.lock(true);
    this.saved(null);
    kept.keepOutbox(submission);
    await this.deliver(submission);
  }

  /** Send a submission until the server has answered, then show what comes next. */
  async deliver(submission) {
    let answer;
    try {
      answer = await this.delivery.send(submission);
    } catch (error) {
      kept.emptyOutbox();
      kept.keepDraft(submission.assignment_id, submission.answers, {});
      await this.refused(error, submission);
      return;
    }
    kept.emptyOutbox();
    kept.dropDraft(submission.assignment_id);
    this.others?.postMessage({ finished: submission.assignment_id });
    this.tell(null);
    await this.show(answer.next);
  }

  /** The server will not take it as it is: everything stays, and the reason stands beside it. */
  async refused(error, submission) {
    if (this.item?.assignment_id !== submission.assignment_id) await this.load();
    else await this.show({ ...this.item, draft: {} });
    if (error.loggedOut) this.tell("logged_out");
    else if (error.status === 409) this.tell("closed", { reason: error.message, again: () => this.load() });
    else this.frame.problem.textContent = error.message;
  }

  delivering(how, error) {
    if (how === "waiting") this.tell(error.passing ? "unwell" : "offline", { reason: error.message });
    else if (how === "logged_out") this.tell("logged_out");
  }

  async skip() {
    if (this.busy || !this.item || this.item.done) return;
    const { assignment_id: assignment } = this.item;
    askReason(this.frame.element, this.say, (reason) =>
      this.move(async () => {
        const answer = await routes.skip(assignment, reason);
        this.draft.done();
        this.others?.postMessage({ finished: assignment });
        return answer;
      }));
  }

  back() {
    return this.move(async () => {
      await this.draft?.send();
      return routes.undo();
    });
  }

  /** Do one thing that ends in another image; on failure everything stays as it was. */
  async move(action) {
    if (this.busy) return;
    this.lock(true);
    try {
      const answer = await action();
      await this.show(answer.next ?? answer);
    } catch (error) {
      if (error instanceof routes.Unreachable) this.tell("not_done");
      else this.trouble(error);
    } finally {
      this.lock(false);
    }
  }

  lock(busy) {
    this.busy = busy;
    const { element, steps, back, skip, go } = this.frame;
    element.classList.toggle("busy", busy);
    steps.inert = busy;
    skip.disabled = go.disabled = busy;
    back.disabled = busy || !this.item?.can_undo;
  }

  // -- what is said -------------------------------------------------------------------------

  trouble(error) {
    if (error instanceof routes.Unreachable) this.tell("no_connection");
    else if (error.loggedOut) this.tell("logged_out");
    else if (error instanceof routes.Refused) this.tell("refused", { reason: error.message });
    else throw error;
  }

  /** Show one notice over the stage, or none. */
  tell(key, { reason = "", again = null } = {}) {
    const { notice } = this.frame;
    this.notice = key;
    notice.hidden = key === null;
    if (key === null) return;
    notice.replaceChildren(h("b", {}, this.say(key + "_title")), " ",
      h("span", {}, this.say(key + "_text", { reason })),
      again ? h("button", { type: "button", class: "plain", onclick: again }, this.say("look_again")) : "");
  }

  // -- events -------------------------------------------------------------------------------

  listen() {
    document.addEventListener("keydown", (event) => this.keyboard.press(event));
    const leave = () => this.draft?.send({ last: true });
    addEventListener("pagehide", leave);
    addEventListener("blur", () => this.draft?.send());
    this.root.addEventListener("focusout", () => this.draft?.send());
    document.addEventListener("visibilitychange", () => (document.hidden ? leave() : this.refresh()));
    addEventListener("online", () => { this.delivery.hurry(); this.draft?.send(); });
    this.others?.addEventListener("message", ({ data }) => {
      if (data.finished === this.item?.assignment_id && !this.busy) this.goOn(() => this.load());
    });
  }

  /** The image was finished elsewhere: words that stood here are shown once more. */
  async goOn(toNext) {
    const answers = Object.values(this.draft?.answers ?? {});
    const words = answers.map((answer) => answer?.text ?? "").join(" ").trim();
    await toNext();
    if (words) this.tell("elsewhere", { reason: words });
  }

  /** Back on this page: another tab or device may have gone on meanwhile. */
  async refresh() {
    this.delivery.hurry();
    if (this.busy || !this.draft || this.draft.unsaved) return;
    try {
      const item = await routes.next();
      const same = item.assignment_id === this.item.assignment_id;
      const drafted = JSON.stringify(item.draft?.answers ?? {});
      if (this.busy || this.draft?.unsaved || (same && drafted === this.draft.synced)) return;
      await (same ? this.show(item) : this.goOn(() => this.show(item)));
    } catch (error) {
      // Nothing was asked for by hand: a cut network shows itself with the next draft.
      if (!(error instanceof routes.Unreachable)) this.trouble(error);
    }
  }
}
