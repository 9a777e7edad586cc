// Half-typed answers: in this browser at once, on the server at the latest a second after a pause.

import * as routes from "./routes.js";
import * as kept from "./kept.js";

const PAUSE_MS = 600;
const RETRY_MS = 4000;

/** Keeps the answers of one assignment safe until it is closed. */
export class Draft {
  /**
   * @param assignment id of the assignment
   * @param fromServer answers the server has
   * @param report called with "saving", "saved", "kept" (in this browser only), "lost" (neither),
   *   and for a refusal also with the error
   */
  constructor(assignment, fromServer, report) {
    this.assignment = assignment;
    this.report = report;
    this.synced = JSON.stringify(fromServer);
    this.answers = kept.mergeDrafts(fromServer, kept.draftOf(assignment));
    this.timer = null;
    this.sending = null;
    this.closed = false;
    if (this.unsaved) this.change(this.answers);
  }

  get unsaved() {
    return JSON.stringify(this.answers) !== this.synced;
  }

  change(answers) {
    if (this.closed) return;
    this.answers = answers;
    this.keptHere = kept.keepDraft(this.assignment, answers, JSON.parse(this.synced));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), PAUSE_MS);
    this.report("saving");
  }

  /** Send now; with `last` in a way that outlives the page. */
  async send({ last = false } = {}) {
    clearTimeout(this.timer);
    if (this.closed || !this.unsaved || (this.sending && !last)) return;
    const sent = JSON.stringify(this.answers);
    this.sending = routes.saveDraft(this.assignment, this.answers, { keepalive: last });
    let wait = PAUSE_MS;
    try {
      await this.sending;
      this.synced = sent;
      if (!this.closed) kept.keepDraft(this.assignment, this.answers, JSON.parse(sent));
    } catch (error) {
      wait = RETRY_MS;
      this.fail(error);
    } finally {
      this.sending = null;
    }
    if (this.closed || this.refused) return;
    if (this.unsaved) this.timer = setTimeout(() => this.send(), wait);
    else this.report("saved");
  }

  fail(error) {
    if (this.closed) return;
    this.refused = error instanceof routes.Refused && !error.passing;
    this.report(this.keptHere === false ? "lost" : "kept", error);
  }

  /** Nothing of this assignment is to be written any more. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** The answers were accepted: forget them here too. */
  done() {
    this.close();
    kept.dropDraft(this.assignment);
  }
}
