// Key presses of the whole page, handed to the step in focus or to an action of the screen.

import { actionOf, digitOf, isTyping } from "./keys.js";

export class Keyboard {
  /** `screen` has `steps`, `keys`, `actions` and `busy`. */
  constructor(screen) {
    this.screen = screen;
    this.early = []; // ratings of the image ahead, pressed before it may be answered
  }

  press(event) {
    const { busy, steps } = this.screen;
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (busy) return this.remember(event);
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

  /** Whoever is quicker than the server loses no key; an Enter alone is one that bounced. */
  remember(event) {
    const { key, code, repeat, ctrlKey, metaKey, altKey } = event;
    const rates = digitOf(event) !== null || key.startsWith("Arrow");
    if (!this.screen.ahead.isOpen || repeat || ctrlKey || metaKey || altKey) return;
    if (!rates && !(key === "Enter" && this.early.length)) return;
    this.early.push({ key, code, bubbles: true, cancelable: true });
    event.preventDefault();
  }

  /** Do now what was pressed early; what a submission among it stops is remembered again. */
  catchUp() {
    const early = this.early.splice(0);
    for (const press of early) document.body.dispatchEvent(new KeyboardEvent("keydown", press));
  }

  forget() {
    this.early = [];
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
