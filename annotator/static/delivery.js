// Getting one submission to the server: again and again under the same name, until it answers.

import * as routes from "./routes.js";

const WAITS_MS = [500, 1000, 2000, 3000];

export class Delivery {
  /** `report("waiting" | "logged_out", error)` is called while it cannot get through. */
  constructor(report) {
    this.report = report;
    this.wake = () => {};
  }

  /**
   * Send; resolves to the server's answer. Throws `Refused` where the server will not take it
   * however often it is sent. A lost login is waited for, since it can be mended in another tab.
   */
  async send(submission) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await routes.submit(submission);
      } catch (error) {
        if (!(error instanceof routes.Unreachable) && !error.passing && !error.loggedOut) throw error;
        this.report(error.loggedOut ? "logged_out" : "waiting", error);
      }
      await this.pause(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
    }
  }

  pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Try again now: the network or the person is back. */
  hurry() {
    this.wake();
  }
}
