/* The plan of a project by keyboard: arrows go from apartment to apartment, as they lie. */
(function () {
  "use strict";
  // What a cell says to a reader's ears is said to the mouse, too; sent once, not twice.
  document.querySelectorAll("[data-grid] a.mk-cell").forEach((cell) => { cell.title = cell.getAttribute("aria-label"); });
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest("a.mk-cell");
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!cell || !step) return;
    const rows = Array.from(cell.closest("[data-grid]").querySelectorAll(".mk-floor"), (row) => Array.from(row.querySelectorAll("a.mk-cell")));
    const at = rows.findIndex((row) => row.includes(cell));
    const along = document.documentElement.dir === "rtl" ? -step[1] : step[1];
    const row = rows[at + step[0]];
    const next = row && row[Math.min(rows[at].indexOf(cell) + along, row.length - 1)];
    if (next) { event.preventDefault(); next.focus(); }
  });
})();
