// The keys and the reason for skipping, in the browser's own dialogs.

import { h, kbd } from "./dom.js";
import { USUAL, chosenKeys, keyName, rememberKeys } from "./keys.js";

function open(root, label, ...content) {
  const dialog = h("dialog", { class: "dialog", "aria-label": label, onclose: () => dialog.remove() },
    h("h2", {}, label), ...content);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  root.append(dialog);
  dialog.showModal();
  return dialog;
}

const SKIP_REASONS = ["skip_field", "skip_broken", "skip_not_scientific", "skip_conflict"];

/** Ask why; calls `skip(reason)` with a text in the study's words, or nothing when closed. */
export function askReason(root, say, skip) {
  const other = h("input", { type: "text", name: "other", maxlength: "500", id: "skip-other",
    oninput: () => (form.reason.value = "other") });
  const choice = (value, ...label) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "reason", value, required: true }), ...label);
  const form = h("form", { method: "dialog", onsubmit: () => {
    const picked = form.reason.value;
    skip(picked === "other" ? other.value.trim() || say("skip_other") : say(picked));
  } },
    SKIP_REASONS.map((key) => choice(key, say(key))),
    choice("other", h("span", {}, say("skip_other")), other),
    h("div", { class: "row" },
      h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, say("cancel")),
      h("button", { type: "submit", class: "go" }, say("skip_this"))));
  const dialog = open(root, say("skip_why"), h("p", { class: "soft" }, say("skip_about")), form);
  form.querySelector("input").focus();
}

const FIXED = [
  [["1", "–", "5"], "key_digits"], [["←", "→"], "key_level"], [["↑", "↓"], "key_dimension"],
  [["↵"], "key_submit"], [["Ctrl", "+", "↵"], "key_submit_text"], [["Esc"], "key_leave_text"],
];

/** All keys; those of the screen can be changed here. `changed()` follows each change. */
export function showKeys(root, say, changed) {
  const keys = chosenKeys();
  const note = h("p", { class: "soft", role: "status" }, say("keys_about"));
  const buttons = {};
  const draw = () => Object.keys(USUAL).forEach((a) => (buttons[a].textContent = keyName(keys[a])));
  const take = (action, event) => {
    if (["Tab", "Escape", "Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    const key = event.key.toLowerCase();
    if (key.length !== 1 || /[\d\s]/.test(key)) return;
    const owner = Object.keys(keys).find((other) => keys[other] === key && other !== action);
    if (owner) {
      note.textContent = say("key_taken", { key: keyName(key), action: say("key_" + owner) });
      return;
    }
    keys[action] = key;
    rememberKeys(keys);
    draw();
    note.textContent = say("key_changed", { key: keyName(key), action: say("key_" + action) });
    changed();
  };
  for (const action of Object.keys(USUAL))
    buttons[action] = h("button", { type: "button", class: "keycap",
      "aria-label": say("key_change", { action: say("key_" + action) }),
      onkeydown: (event) => take(action, event) });
  draw();
  const row = (caps, text) => h("div", { class: "keyrow" }, h("span", {}, caps), h("span", {}, text));
  const dialog = open(root, say("keys_title"), note,
    h("div", { class: "keygrid" },
      FIXED.map(([caps, text]) => row(caps.map((cap) => (/[–+]/.test(cap) ? cap : kbd(cap))), say(text))),
      Object.keys(USUAL).map((action) => row(buttons[action], say("key_" + action)))),
    h("div", { class: "row" },
      h("button", { type: "button", class: "plain", onclick: () => {
        Object.assign(keys, USUAL); rememberKeys(null); draw(); changed();
      } }, say("keys_usual")),
      h("button", { type: "button", class: "go", onclick: () => dialog.close() }, say("close"))));
  dialog.querySelector(".go").focus();
}
