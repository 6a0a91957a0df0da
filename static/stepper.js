/* Buttons beside a number of units: one less, one more, within its limits. The server has the last word. */
(function () {
  "use strict";
  function limit(box) {
    const input = box.querySelector("input");
    box.querySelector('[data-step="-1"]').disabled = Number(input.value) <= Number(input.min);
    box.querySelector('[data-step="1"]').disabled = Number(input.value) >= Number(input.max);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (!button) return;
    const box = button.closest("[data-stepper]");
    const input = box.querySelector("input");
    const wanted = (Number(input.value) || 0) + Number(button.dataset.step);
    input.value = Math.min(Math.max(wanted, Number(input.min)), Number(input.max));
    limit(box);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-stepper]");
    if (box) limit(box);
  });
  document.querySelectorAll("[data-stepper]").forEach(limit);
})();
