/* What is ticked to be paid, summed beside the button, and the phone where one is asked. The server
   sums again; this only shows. A form without a sum has one amount alone. */
(function () {
  "use strict";
  const sum = document.querySelector("[data-sum]");
  const place = sum || document.querySelector("[data-for-way]");
  if (!place) return;
  const form = place.closest("form");
  const language = `${document.documentElement.lang || "en"}-u-nu-latn`;

  function show() {
    form.querySelectorAll("[data-for-way]").forEach((each) => {
      each.hidden = !each.dataset.forWay.split(" ").includes(form.elements.method.value);
    });
    if (!sum) return;
    const ticked = Array.from(form.querySelectorAll("[data-due]:checked"));
    const currencies = new Set(ticked.map((each) => each.dataset.currency));
    const part = form.elements.amount && form.elements.amount.value.trim();
    sum.parentElement.hidden = currencies.size !== 1 || Boolean(part);
    if (sum.parentElement.hidden) return;
    const [currency] = currencies;
    const total = ticked.reduce((all, each) => all + Math.round(Number(each.dataset.due) * 10000), 0) / 10000;
    sum.textContent = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "code" }).format(total);
  }

  form.addEventListener("input", show);
  addEventListener("pageshow", show);
  show();
})();
