// What leaves the screen: submissions, skips, steps back. Nothing of it is lost on the way.

import * as routes from "./routes.js";
import * as kept from "./kept.js";
import { Delivery } from "./delivery.js";
import { askReason } from "./dialogs.js";

const SLOW_MS = 500; // a submission that takes longer is said to be under way

export class Outgoing {
  /** `screen` is the rating screen whose answers are sent. */
  constructor(screen) {
    this.screen = screen;
    this.delivery = new Delivery((how, error) => this.delivering(how, error));
  }

  /** Send what the last visit left on its way; null where there is nothing. */
  resume() {
    const waiting = kept.outbox();
    if (!waiting) return null;
    this.screen.lock(true);
    return this.deliver(waiting);
  }

  async submit() {
    const { screen } = this;
    if (screen.isIdle || screen.complain()) return;
    const now = performance.now();
    const submission = {
      assignment_id: screen.item.assignment_id,
      client_id: kept.freshId(),
      answers: screen.answers,
      duration_ms: Math.round(now - (screen.shownAt ?? now)),
      view: screen.viewer.record(),
    };
    screen.draft.close(); // before the lock, which takes the focus away and would save once more
    screen.lock(true);
    screen.saved(null);
    kept.keepOutbox(submission);
    const delivered = this.deliver(submission);
    screen.ahead.open();
    await delivered;
  }

  /** Send a submission until the server has answered, then show what comes next. */
  async deliver(submission) {
    const { screen } = this;
    const slow = setTimeout(() => screen.saved("saving"), SLOW_MS);
    let answer;
    try {
      answer = await this.delivery.send(submission).finally(() => {
        clearTimeout(slow);
        screen.saved(null);
      });
    } catch (error) {
      kept.emptyOutbox();
      kept.keepDraft(submission.assignment_id, submission.answers, {});
      await this.refused(error, submission);
      return;
    }
    kept.emptyOutbox();
    kept.dropDraft(submission.assignment_id);
    screen.others?.postMessage({ finished: submission.assignment_id });
    screen.notice.tell(null);
    await screen.show(answer.next);
  }

  /** The server will not take it as it is: everything stays, and the reason stands beside it. */
  async refused(error, submission) {
    const { screen } = this;
    await screen.ahead.close();
    if (screen.item?.assignment_id !== submission.assignment_id) await screen.load();
    else await screen.show({ ...screen.item, draft: {} });
    const reason = screen.notice.reason(error);
    if (error.loggedOut) screen.notice.tell("logged_out");
    else if (error.status === 409) screen.notice.tell("closed", { reason, again: () => screen.load() });
    else screen.frame.problem.textContent = reason;
  }

  delivering(how, error) {
    const { notice, ahead } = this.screen;
    ahead.close();
    if (how === "logged_out") notice.tell("logged_out");
    else notice.tell(error.passing ? "unwell" : "offline", { reason: notice.reason(error) });
  }

  skip() {
    const { screen } = this;
    if (screen.isIdle) return;
    const { assignment_id: assignment } = screen.item;
    askReason(screen.frame.element, screen.say, (reason) =>
      this.move(async () => {
        const answer = await routes.skip(assignment, reason);
        screen.draft.done();
        screen.others?.postMessage({ finished: assignment });
        return answer;
      }));
  }

  back() {
    return this.move(async () => {
      await this.screen.draft?.send();
      return routes.undo();
    });
  }

  /** Do one thing that ends in another image; on failure everything stays as it was. */
  async move(action) {
    const { screen } = this;
    if (screen.busy) return;
    screen.lock(true);
    try {
      const answer = await action();
      await screen.show(answer.next ?? answer);
    } catch (error) {
      if (error instanceof routes.Unreachable) screen.notice.tell("not_done");
      else screen.notice.trouble(error);
    } finally {
      screen.lock(false);
    }
  }

  /** Try again now: the network or the person is back. */
  hurry() {
    this.delivery.hurry();
  }
}
