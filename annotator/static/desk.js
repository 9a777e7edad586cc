// The desk: the person's language, and buttons that copy a link. Runs before anything is painted.

(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("siqa.language");
  } catch {
    // Storage is switched off; the browser's language decides.
  }
  const wished = [chosen, ...navigator.languages, "en"].filter(Boolean).map((tag) => tag.split("-")[0]);
  const language = wished.find((tag) => ["en", "zh"].includes(tag)) ?? "en";
  document.documentElement.dataset.language = language;
  document.documentElement.lang = language;
  // Gradio labels its parts in the browser's language and cannot be told another.
  const tag = language === "zh" ? "zh-CN" : "en";
  if (!navigator.language.startsWith(language)) {
    Object.defineProperty(navigator, "language", { get: () => tag });
    Object.defineProperty(navigator, "languages", { get: () => [tag] });
  }
  // Figures are drawn by the server, which cannot read what is chosen here.
  document.cookie = `siqa_language=${language}; path=/; SameSite=Lax`;

  window.siqaLanguage = {
    turn() {
      try {
        localStorage.setItem("siqa.language", language === "zh" ? "en" : "zh");
      } catch {
        return; // storage is switched off: the browser's language stays
      }
      location.reload();
    },
  };

  // What happened has been read by whoever goes on to another tab or says so; a pager below a long
  // table leads back to its top.
  addEventListener("click", ({ target }) => {
    if (target.closest?.("[data-hush], [role=tab]")) {
      for (const one of document.querySelectorAll("#said .said")) one.remove();
    }
    target.closest?.(".end .pager button")?.closest(".siqa.desk").scrollIntoView({ block: "start" });
  });

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

// While the server changes over to another study, ask until that one answers, then go there.
(() => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const answers = async (path) => {
    try {
      return (await fetch(path)).ok;
    } catch {
      return false;
    }
  };
  let going = false;
  new MutationObserver(async () => {
    const path = document.querySelector("[data-goes-to]")?.dataset.goesTo;
    if (!path || going) return;
    going = true;
    for (let tries = 0; tries < 240; tries += 1) {
      await pause(500);
      if (await answers(path)) {
        location.href = path;
        return;
      }
    }
    going = false;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
