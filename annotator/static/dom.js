// One way to make elements: text never passes through HTML.

/** Make an element; `on*` attributes are listeners, false and null ones are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

/** A key as it is drawn on buttons; read by nobody, since the name beside it says what it does. */
export const kbd = (text) => h("kbd", { "aria-hidden": "true" }, text);

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
