// The desk: the person's language, and buttons that copy a link. Runs before anything is painted.

(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("siqa.language");
  } catch {
    // Storage is switched off; the browser's language decides.
  }
  const wished = [chosen, ...navigator.languages, "en"].filter(Boolean).map((tag) => tag.split("-")[0]);
  document.documentElement.dataset.language = wished.find((tag) => ["en", "zh"].includes(tag)) ?? "en";

  addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages without https may not use the clipboard; a selected text can be copied by hand.
      const box = button.closest("tr, div").querySelector("code");
      getSelection().selectAllChildren(box);
      document.execCommand("copy");
    }
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  });
})();
