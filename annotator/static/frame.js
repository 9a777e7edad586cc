// The parts of the rating screen that stay while images come and go.

import { h, kbd } from "./dom.js";
import { LANGUAGES } from "./words.js";
import { keyName } from "./keys.js";

/** Build the frame; `on` holds what its buttons do. Returns its parts by name. */
export function buildFrame(say, language, keys, on) {
  const key = (action) => kbd(keyName(keys[action]));
  const button = (kind, text, cap, click, more = {}) =>
    h("button", { type: "button", class: kind, onclick: click, ...more }, text, cap && " ", cap || "");

  const title = h("b", { class: "title" });
  const fill = h("i");
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": say("progress"),
    "aria-valuemin": "0", hidden: true }, fill);
  const counted = h("span", { class: "soft counted" });
  const sitting = h("span", { class: "soft push sitting" });
  const rater = h("span", { class: "soft rater" });
  const other = LANGUAGES.find((tag) => tag !== language);
  const theme = button("link", "", null, on.theme);
  const header = h("header", {}, title, bar, counted, sitting,
    button("link", say("keys"), null, on.keys, { "aria-haspopup": "dialog" }),
    theme,
    other && button("link", { en: "English", zh: "中文" }[other], null, () => on.language(other), { lang: other }),
    rater);
  header.querySelector(".link").prepend(key("keys"), " ");

  const image = h("div", { class: "image", role: "img" });
  const tools = {
    fit: button("tool", say("fit"), key("fit"), on.fit, { "aria-pressed": "true" }),
    actual: button("tool", say("actual"), key("actual"), on.actual, { "aria-pressed": "false" }),
    double: button("tool", say("double"), key("double"), on.double, { "aria-pressed": "false" }),
    smooth: button("tool", say("pixels"), key("smooth"), on.smooth, { "aria-pressed": "false" }),
  };
  const scale = h("span", { class: "scale", "aria-live": "off" });
  const stage = h("section", { class: "stage", "aria-label": say("image") }, image,
    h("div", { class: "strip" },
      h("div", { class: "tools", role: "toolbar", "aria-label": say("view") }, Object.values(tools)),
      scale));

  const steps = h("div", { class: "steps" });
  const back = button("plain", say("back"), key("back"), on.back);
  const skip = button("plain", say("skip"), null, on.skip, { "aria-haspopup": "dialog" });
  const go = button("go", say("submit"), kbd("↵"), on.submit);
  const problem = h("p", { class: "problem", role: "alert" });
  const panel = h("aside", { "aria-label": say("your_rating") }, steps, problem,
    h("footer", {}, back, skip, go));

  const notice = h("div", { class: "notice", role: "alert", hidden: true });
  const spoken = h("div", { class: "spoken", "aria-live": "polite" });
  const page = h("div", { class: "page", hidden: true });
  const element = h("div", { class: "siqa rating", lang: language },
    header, stage, panel, notice, page, spoken);
  return { element, stage, panel, title, fill, bar, counted, sitting, rater, theme, image, tools,
    scale, steps, back, skip, go, problem, notice, spoken, page };
}
