// Every text of the interface comes from words.json, in the person's language.

const CATALOGUE = await (await fetch(new URL("./words.json", import.meta.url))).json();
const CHOICE = "siqa.language";

export const LANGUAGES = Object.keys(CATALOGUE);

/** The language to begin with: chosen here before, else the browser's, else the study's. */
export function firstLanguage(ofStudy) {
  let chosen = null;
  try {
    chosen = localStorage.getItem(CHOICE);
  } catch {
    // Storage is switched off; the browser's language is as good a start.
  }
  const wished = [chosen, ...navigator.languages, ofStudy, "en"].filter(Boolean);
  return wished.map((tag) => tag.split("-")[0]).find((tag) => LANGUAGES.includes(tag));
}

export function rememberLanguage(language) {
  try {
    localStorage.setItem(CHOICE, language);
  } catch {
    // Not remembered: the next visit begins with the browser's language again.
  }
}

/** Return `say(key, values)`: the text with `{name}` replaced, plural form by `n` where given. */
export function wordsIn(language) {
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  say.or = (key, otherwise) => (key in CATALOGUE[language] ? say(key) : otherwise);
  return say;

  function say(key, values = {}) {
    let text = CATALOGUE[language][key] ?? CATALOGUE.en[key];
    if (text === undefined) throw new Error(`words.json has no '${key}'`);
    if (typeof text === "object") text = text[plural.select(values.n)] ?? text.other;
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" ? number.format(values[name]) : values[name] ?? "",
    );
  }
}
