// Which key does what. None fires while somebody types, composes, or has a dialog open.

import { read, write } from "./kept.js";

const CHOICE = "siqa.keys";

/** Action -> key as it comes with the screen; digits, arrows, Enter and Tab are fixed. */
export const USUAL = {
  fit: "f",
  actual: "o",
  double: "t",
  smooth: "p",
  write: "w",
  back: "b",
  skip: "s",
  keys: "?",
};

export const chosenKeys = () => ({ ...USUAL, ...read(CHOICE) });
export const rememberKeys = (keys) => write(CHOICE, keys);

export const keyName = (key) => (key.length === 1 ? key.toUpperCase() : key);

const EDITABLE = 'input:not([type="radio"]):not([type="checkbox"]), textarea, select, [contenteditable]';

/** True where a key press belongs to whoever is typing. */
export function isTyping(event) {
  // 229 is what browsers send for keys that an input method has taken.
  return event.isComposing || event.keyCode === 229 || Boolean(event.target.closest?.(EDITABLE));
}

/** The digit of a key press, on keyboards too where digits need Shift; null when none. */
export function digitOf(event) {
  if (/^\d$/.test(event.key)) return Number(event.key);
  const place = /^Digit(\d)$/.exec(event.code);
  return place && !event.shiftKey && event.key.length === 1 ? Number(place[1]) : null;
}

/** The action bound to a key press, by letter, else (other alphabets) by place; or undefined. */
export function actionOf(event, keys) {
  const pressed = event.key.toLowerCase();
  const found = (wanted) => Object.keys(keys).find((action) => keys[action] === wanted);
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
  return found(pressed) ?? (letter && !/^[a-z]$/.test(pressed) ? found(letter) : undefined);
}
