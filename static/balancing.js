/* Both sides of an entry, summed while they are typed. The server judges; this only shows. */
(function () {
  "use strict";
  const form = document.querySelector("[data-balances]");
  if (!form) return;
  const language = `${document.documentElement.lang || "en"}-u-nu-latn`;
  const format = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  const difference = form.querySelector("[data-difference]");
  const amount = (input) => Math.round((Number(input.value.replace(/[,\s']/g, "")) || 0) * 10000);

  function show() {
    const sums = {};
    for (const side of ["debit", "credit"]) {
      sums[side] = Array.from(form.querySelectorAll(`[data-side="${side}"]`)).reduce((all, each) => all + amount(each), 0);
      form.querySelector(`[data-sum="${side}"]`).textContent = format.format(sums[side] / 10000);
    }
    const by = Math.abs(sums.debit - sums.credit);
    difference.textContent = by ? `${difference.dataset.differs} ${format.format(by / 10000)}` : sums.debit ? difference.dataset.balanced : "";
  }

  form.addEventListener("input", show);
  show();
})();
