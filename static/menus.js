/* Menus of the portal. It carries no Tabler script (39 kB on a phone's line), and needs one thing of it. */
(function () {
  "use strict";
  function open(button, yes) {
    const menu = button.parentElement.querySelector(".dropdown-menu");
    menu.classList.toggle("show", yes);
    button.setAttribute("aria-expanded", String(yes));
    if (yes) menu.querySelector("a, button").focus();
  }
  function shut(but) {
    document.querySelectorAll('[data-bs-toggle="dropdown"][aria-expanded="true"]').forEach((button) => button !== but && open(button, false));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest('[data-bs-toggle="dropdown"]');
    shut(button);
    if (button) open(button, button.getAttribute("aria-expanded") !== "true");
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest(".dropdown-menu.show");
    if (!menu) return;
    const button = menu.parentElement.querySelector('[data-bs-toggle="dropdown"]');
    const items = Array.from(menu.querySelectorAll("a, button"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { open(button, false); button.focus(); }
    if (step) { event.preventDefault(); items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus(); }
  });
})();
