/* Light or dark before the first paint: a file of its own in <head>, as no script stands in a page. */
(function () {
  "use strict";
  var root = document.documentElement;
  var system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try { return localStorage.getItem("makao-theme"); } catch (_) { return null; }
  }
  function set(theme) {
    root.setAttribute("data-bs-theme", theme);
    // Charts are drawn by the server: it has to know their ground.
    document.cookie = "makao-theme=" + theme + "; path=/; max-age=31536000; samesite=lax";
  }
  function paint() {
    set(chosen() || (system.matches ? "dark" : "light"));
  }

  root.classList.remove("no-script");
  paint();
  system.addEventListener("change", paint);
  addEventListener("storage", paint);
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-theme-switch]")) return;
    var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem("makao-theme", next); } catch (_) { /* private window: for this page only */ }
    set(next);
    document.dispatchEvent(new CustomEvent("makao:theme", { detail: next }));
  });
})();
