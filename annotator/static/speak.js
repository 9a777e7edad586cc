// Plain pages carry their texts in every language; show the person's.

(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("siqa.language");
  } catch {
    // Storage is switched off; the browser's language decides.
  }
  const there = new Set(Array.from(document.querySelectorAll("span[lang]"), (one) => one.lang));
  const wished = [chosen, ...navigator.languages, "en"].filter(Boolean).map((tag) => tag.split("-")[0]);
  const language = wished.find((tag) => there.has(tag)) ?? "en";
  document.documentElement.lang = language;
  for (const text of document.querySelectorAll("span[lang]")) {
    // What has no words in this language stays in the one it has.
    const translated = text.parentElement.querySelector(`:scope > span[lang="${language}"]`);
    text.hidden = text.lang !== language && translated !== null;
  }
})();
