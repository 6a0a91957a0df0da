/* Fields that need a hand: selects that search on the server, amounts, dates of Flask-AppBuilder. */
(function () {
  "use strict";
  const MOST = 50;
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  /* <select data-source="/url"> asks /url?q=... and is answered [{"value","text","note"}] or {"options": [...]}. */
  function searching(select) {
    return {
      valueField: "value", labelField: "text", searchField: [], maxOptions: MOST, preload: "focus", loadThrottle: 250,
      shouldLoad: () => true,
      async load(query, done) {
        try {
          const url = new URL(select.dataset.source, location.href);
          url.searchParams.set("q", query);
          const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
          const rows = await answer.json();
          this.clearOptions();
          done((rows.options || rows).slice(0, MOST));
        } catch (_) { done(); }
      },
    };
  }

  function dress(select) {
    if (select.tomselect || !window.TomSelect) return;
    const words = document.getElementById("mk-words");
    const nothing = words ? words.dataset.nothingFound : "";
    const many = select.multiple;
    const settings = {
      maxOptions: select.dataset.source ? MOST : null,
      plugins: many ? ["remove_button"] : (select.required ? [] : ["clear_button"]),
      placeholder: select.dataset.placeholder || "",
      hidePlaceholder: false,
      highlight: false,
      render: {
        option: (it, escape) => `<div class="option">${escape(it.text)}${it.note ? `<div class="mk-quiet mk-small">${escape(it.note)}</div>` : ""}</div>`,
        no_results: (_, escape) => `<div class="no-results">${escape(nothing)}</div>`,
      },
    };
    /* The select itself stays in the page, hidden: it keeps the name that its label gave it. */
    if (select.labels.length && !select.hasAttribute("aria-label")) select.setAttribute("aria-label", select.labels[0].textContent.replace("*", "").trim());
    new TomSelect(select, select.dataset.source ? Object.assign(settings, searching(select)) : settings);
  }

  /* Amounts are typed as people write them; the field shows them grouped, the form sends them plain. */
  function amount(input) {
    const language = document.documentElement.lang || "en";
    const digits = Number(input.dataset.decimals || 2);
    const format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, numberingSystem: "latn" });
    const sign = format.formatToParts(12345.6).find((part) => part.type === "decimal");
    const decimal = sign ? sign.value : ".";
    const group = (format.formatToParts(1234567).find((part) => part.type === "group") || { value: "," }).value;
    const escaped = (sign) => sign.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    /* Groups count only where they stand right: "1,5" typed in English is a mistake to be shown, not 15. */
    const written = new RegExp(`^-?(\\d+|\\d{1,3}(${escaped(group)}\\d{2,3})*${escaped(group)}\\d{3})(${escaped(decimal)}\\d+)?$`);
    const spaces = (text) => text.trim().replace(/\u2212/g, "-").replace(/[\s\u00a0\u202f]/g, /\s/.test(group) ? group : "");
    const plain = (text) => { const tidy = spaces(text); return written.test(tidy) ? tidy.split(group).join("").replace(decimal, ".") : text; };
    /* A number that is not written plainly stays as typed: the server says what is wrong with it. */
    const isPlain = (text) => /^-?\d{1,15}(\.\d+)?$/.test(text);
    const grouped = (text) => (isPlain(text) && (text.split(".")[1] || "").length <= digits ? format.format(text) : null);
    const show = () => { input.value = grouped(plain(input.value)) || input.value; };
    input.value = grouped(input.value) || input.value;
    input.addEventListener("focus", () => { const text = plain(input.value); if (isPlain(text)) { input.value = text.replace(".", decimal); input.select(); } });
    input.addEventListener("blur", show);
    if (input.form) input.form.addEventListener("formdata", (event) => { const text = plain(input.value); if (isPlain(text)) event.formData.set(input.name, text); });
  }

  /* Flask-AppBuilder's date field is a text with a picker that needs jQuery: the browser has one. */
  function nativeDate(box) {
    const input = box.querySelector("input");
    input.type = "date";
    input.value = input.value.slice(0, 10);
    all(".input-group-addon", box).forEach((icon) => icon.remove());
  }

  function dressAll(root) {
    all("select[data-source], select[data-pick], select.my_select2", root).forEach(dress);
    all("input[data-amount]", root).forEach(amount);
    all(".appbuilder_date", root).forEach(nativeDate);
  }

  /* The filters of Flask-AppBuilder's own lists: a row per filter, cloned from a <template>. */
  function addFilter(button) {
    const form = button.closest("form");
    const row = document.getElementById(`filter-${button.dataset.addFilter}`).content.firstElementChild.cloneNode(true);
    form.querySelector(".filters").append(row);
    nameFilter(row);
    dressAll(row);
    const field = row.querySelector("[data-filter-value] :is(input, select, textarea)");
    if (field) (field.tomselect || field).focus();
  }
  function nameFilter(row) {
    const value = row.querySelector("[data-filter-value] :is(input, select, textarea)");
    if (!value) return;
    value.name = `_flt_${row.querySelector("[data-filter-how]").value}_${row.dataset.column}`;
    value.setAttribute("aria-label", row.dataset.label);
    if (row.dataset.value) {
      if (value.type === "checkbox") value.checked = row.dataset.value === "True" || row.dataset.value === "y";
      else value.value = row.dataset.value;
      delete row.dataset.value;
    }
  }

  document.addEventListener("click", (event) => {
    const adds = event.target.closest("[data-add-filter]");
    const removes = event.target.closest("[data-remove-filter]");
    if (adds) addFilter(adds);
    if (removes) removes.closest("[data-column]").remove();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-filter-how]")) nameFilter(event.target.closest("[data-column]"));
  });
  document.addEventListener("DOMContentLoaded", () => { all(".filters [data-column]").forEach(nameFilter); dressAll(); });
  document.addEventListener("htmx:afterSwap", (event) => dressAll(event.target));
})();
