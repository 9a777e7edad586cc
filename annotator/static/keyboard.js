// Key presses of the whole page, handed to the step in focus or to an action of the screen.

import { actionOf, digitOf, isTyping } from "./keys.js";

export class Keyboard {
  /** `screen` has `steps`, `keys`, `actions` and `busy`. */
  constructor(screen) {
    this.screen = screen;
  }

  press(event) {
    const { busy, steps } = this.screen;
    if (event.defaultPrevented || busy || document.querySelector("dialog[open]")) return;
    const enter = event.key === "Enter" && !event.repeat;
    if (isTyping(event)) this.pressWhileTyping(event, enter);
    else if (steps.length && !(event.ctrlKey || event.metaKey || event.altKey))
      this.pressOutside(event, enter);
  }

  pressOutside(event, enter) {
    if (enter && event.target.closest?.("button:not(.level), a, summary")) return;
    if (enter) this.screen.actions.submit();
    else if (!this.pressStep(event) && !this.pressAction(event)) return;
    event.preventDefault();
  }

  pressWhileTyping(event, enter) {
    if (event.isComposing || event.keyCode === 229) return;
    if (enter && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.screen.actions.submit();
    } else if (event.key === "Escape") this.screen.steps[0]?.focus();
  }

  pressStep(event) {
    const digit = event.repeat ? null : digitOf(event);
    if (digit === null && !event.key.startsWith("Arrow")) return false;
    return this.screen.steps.some((step) => step.key({ digit, key: event.key }));
  }

  pressAction(event) {
    const action = event.repeat ? undefined : actionOf(event, this.screen.keys);
    if (action) this.screen.actions[action]();
    return Boolean(action);
  }
}
