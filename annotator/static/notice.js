// What the screen says on its own: a notice over the stage, or a page instead of an image.

import * as routes from "./routes.js";
import { h } from "./dom.js";

/** Notices that a saved draft does not take away. */
const STAYING = new Set(["image_failed", "elsewhere"]);

export class Notice {
  constructor(frame, say, language) {
    Object.assign(this, { frame, say, language, key: null });
  }

  /** Show one notice, or none. */
  tell(key, { reason = "", again = null } = {}) {
    const { notice } = this.frame;
    this.key = key;
    notice.hidden = key === null;
    if (key === null) return;
    notice.replaceChildren(h("b", {}, this.say(key + "_title")), " ",
      h("span", {}, this.say(key + "_text", { reason })),
      again ? h("button", { type: "button", class: "plain", onclick: again }, this.say("look_again")) : "");
  }

  /** Everything is saved: what was said of trouble holds no longer. */
  settle() {
    if (!STAYING.has(this.key)) this.tell(null);
  }

  /** Say what went wrong; throws again what is no trouble with the server. */
  trouble(error) {
    if (error instanceof routes.Unreachable) this.tell("no_connection");
    else if (error.loggedOut) this.tell("logged_out");
    else if (error instanceof routes.Refused) this.tell("refused", { reason: this.reason(error) });
    else throw error;
  }

  /** A refusal in the person's language; the server's own words are English and say more. */
  reason(error) {
    if (this.language === "en" || !error.code) return error.message;
    return this.say.or("refusal_" + error.code, error.message);
  }

  /** Why nothing is left to rate, from the server's answer. */
  rest(item) {
    const own = item.message ?? item.reason;
    return this.language === "en" ? own : this.say.or("done_" + item.reason, own);
  }

  /** Show a page instead of the image, with buttons; the first is put in focus. */
  page(title, text, ...buttons) {
    const { page } = this.frame;
    page.replaceChildren(h("h1", {}, title), h("p", {}, text), h("p", { class: "row" }, buttons));
    this.cover(true);
    this.tell(null);
    buttons[0].focus();
  }

  closePage() {
    this.cover(false);
  }

  /** What lies under a page is not to be reached. */
  cover(covered) {
    const { page, stage, panel } = this.frame;
    page.hidden = !covered;
    stage.inert = panel.inert = covered;
  }
}
