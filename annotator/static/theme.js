// Light, dark, or as the system says. Runs before anything is painted, on every page.

(() => {
  const KEY = "siqa.theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off: follow the system
    }
  };
  const current = () => chosen() ?? (system.matches ? "dark" : "light");
  const apply = () => {
    document.querySelector('link[rel="manifest"]')?.remove(); // Gradio names one there is not
    document.documentElement.dataset.theme = current();
    document.body?.classList.toggle("dark", current() === "dark"); // Gradio's own switch
  };
  window.siqaTheme = {
    current,
    toggle() {
      try {
        localStorage.setItem(KEY, current() === "dark" ? "light" : "dark");
      } catch {
        document.documentElement.dataset.theme = current() === "dark" ? "light" : "dark";
        return;
      }
      apply();
    },
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", (event) => event.key === KEY && apply());
  addEventListener("DOMContentLoaded", apply);
  addEventListener("load", () => {
    apply();
    setTimeout(apply, 800); // Gradio sets its class once more when it has started
  });
})();
