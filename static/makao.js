/* What pages do by themselves: ask before an act, tick rows, tell the time, copy, keys.
   All words come from the page, where they are translated. Everything works without this file
   too, only less comfortably: each act is a form, each filter a link. */
(function () {
  "use strict";
  const language = document.documentElement.lang || "en";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  /* Ask first: <form data-confirm="..."> or <button data-confirm="..."> [data-reason="label"]. */
  function askFirst(event) {
    const form = event.target;
    const button = event.submitter;
    const asker = button && button.hasAttribute("data-confirm") ? button : form;
    const dialog = document.getElementById("mk-confirm");
    if (!dialog || !asker.hasAttribute("data-confirm") || form.dataset.agreed) return;
    event.preventDefault();
    const reason = dialog.querySelector("[data-confirm-reason]");
    const field = reason.querySelector("textarea");
    const yes = dialog.querySelector("[value=yes]");
    dialog.querySelector("[data-confirm-title]").textContent = asker.dataset.title || button.textContent.trim();
    dialog.querySelector("[data-confirm-text]").textContent = asker.dataset.confirm;
    yes.textContent = asker.dataset.title || button.textContent.trim();
    yes.className = asker.dataset.tone === "danger" ? "btn btn-danger" : "btn btn-primary";
    reason.hidden = !asker.hasAttribute("data-reason");
    reason.querySelector("label").textContent = asker.dataset.reason || "";
    field.required = !reason.hidden;
    field.value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      if (!reason.hidden) remember(form, "reason", field.value);
      form.dataset.agreed = "1";
      form.requestSubmit(button);
    }, { once: true });
    dialog.showModal();
  }

  function remember(form, name, value) {
    const input = form.querySelector(`input[name="${name}"]`) || form.appendChild(document.createElement("input"));
    Object.assign(input, { type: "hidden", name, value });
  }

  /* Press once: a second click while the answer is under way does nothing. */
  function pressOnce(event) {
    const form = event.target;
    if (event.defaultPrevented || (form.getAttribute("method") || "").toLowerCase() !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; delete form.dataset.agreed; }, 8000);
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  }

  /* Rows ticked in a list, and the bar that acts on them. */
  function countTicks() {
    const bar = document.querySelector(".mk-bulk");
    if (!bar) return;
    const picks = all(".mk-pick");
    const ticked = picks.filter((pick) => pick.checked).length;
    const everything = document.querySelector(".mk-pick-all");
    bar.hidden = ticked === 0;
    bar.querySelector("[data-count]").textContent = new Intl.NumberFormat(language).format(ticked);
    if (everything) {
      everything.checked = ticked > 0 && ticked === picks.length;
      everything.indeterminate = ticked > 0 && ticked < picks.length;
    }
  }

  /* Time: "3 hours ago" with the exact time on hover, and what is left of a hold. */
  const steps = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  function tellTime() {
    const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    all("time[data-relative]").forEach((it) => {
      const seconds = (new Date(it.dateTime) - Date.now()) / 1000;
      const step = steps.find(([, size]) => Math.abs(seconds) >= size) || ["second", 1];
      if (!it.title) it.title = it.textContent.trim();
      it.textContent = words.format(Math.round(seconds / step[1]), step[0]);
    });
  }
  function tellLeft() {
    all("[data-ends-at]:not([data-over])").forEach((it) => {
      const left = Math.max(0, Math.round((new Date(it.dataset.endsAt) - Date.now()) / 1000));
      const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
      const two = (number) => String(number).padStart(2, "0");
      const face = it.querySelector("[data-left]") || it;
      face.textContent = (hours ? `${hours}:` : "") + `${hours ? two(minutes) : minutes}:${two(seconds)}`;
      it.classList.toggle("mk-needs", left > 0 && left < 120);
      if (left > 0) { it.dataset.ran = "1"; return; }
      it.dataset.over = "1";
      it.classList.add("mk-stopped");
      if (it.dataset.endedText) it.textContent = it.dataset.endedText;
      // The server says what it has become; where a clock is wrong it is over at once, and is not asked.
      if (it.dataset.ran && it.closest(".mk-wizard")) setTimeout(() => location.reload(), 2000);
    });
  }

  /* Say something in a corner; also for the server, by the header HX-Trigger: {"makao:say": {...}}. */
  function say(text, tone) {
    const place = document.getElementById("mk-toasts");
    if (!place || !text) return;
    const box = document.createElement("div");
    box.className = `mk-said mk-${tone || "good"}`;
    const inner = document.createElement("div");
    inner.className = "mk-said-text";
    inner.textContent = text;
    box.append(inner);
    place.append(box);
    setTimeout(() => box.remove(), 6000);
  }

  /* What was typed when a sign-in had ended comes back on its page after signing in again. */
  const TYPED = "makao-typed";
  const silent = ["hidden", "password", "file", "submit", "button"];
  const fieldsOf = (form) => Array.from(form.elements).filter((it) => it.name && !silent.includes(it.type));
  const actionOf = (form) => form.getAttribute("action") || "";
  function remembered(value) {
    try {
      if (value === undefined) return JSON.parse(sessionStorage.getItem(TYPED));
      if (value) sessionStorage.setItem(TYPED, JSON.stringify(value)); else sessionStorage.removeItem(TYPED);
    } catch (_) { /* private window: nothing is kept */ }
    return null;
  }
  function keepTyped(event) {
    const form = event.target;
    if (event.defaultPrevented || !form.closest("main") || form.closest(".mk-door")) return;
    if ((form.getAttribute("method") || "").toLowerCase() !== "post") return;
    const fields = fieldsOf(form).map((it) => [it.name, it.multiple ? Array.from(it.selectedOptions, (one) => one.value) : it.value, it.checked]);
    if (fields.length) remembered({ page: location.pathname + location.search, action: actionOf(form), fields });
  }
  function bringBack() {
    const kept = remembered();
    if (!kept) return;
    if (document.querySelector(".mk-door")) { remembered({ ...kept, lost: true }); return; }
    remembered(null);
    if (!kept.lost || kept.page !== location.pathname + location.search) return;
    const form = all("main form").find((it) => actionOf(it) === kept.action);
    const fields = form ? fieldsOf(form) : [];
    if (fields.length !== kept.fields.length) return;
    kept.fields.forEach(([, value, checked], at) => {
      const it = fields[at];
      if (it.type === "checkbox" || it.type === "radio") it.checked = checked;
      else if (it.tomselect) it.tomselect.setValue(value);
      else it.value = value;
    });
    say(document.getElementById("mk-words").dataset.typedBack, "good");
  }

  /* A line that broke is told; what was typed stays where it is. */
  function unheard() {
    say(document.getElementById("mk-words").dataset.offline, "stopped");
  }

  async function copy(button) {
    const source = button.dataset.copy.startsWith("#") ? document.querySelector(button.dataset.copy) : null;
    await navigator.clipboard.writeText(source ? source.value || source.textContent.trim() : button.dataset.copy);
    say(button.dataset.copied, "good");
  }

  /* A card of the board taken to another column: the card's own form does it, so the server's rules hold. */
  let lifted = null;
  function moveFor(column) {
    return lifted && column ? lifted.querySelector(`form[data-to="${CSS.escape(column.dataset.column)}"]`) : null;
  }
  function board(event) {
    const column = event.target.closest && event.target.closest("[data-column]");
    if (event.type === "dragstart") {
      lifted = event.target.closest(".mk-board-card");
      if (lifted) lifted.classList.add("mk-lifted");
    } else if (event.type === "dragover" && moveFor(column)) {
      event.preventDefault();
      all(".mk-over-me").forEach((it) => it !== column && it.classList.remove("mk-over-me"));
      column.classList.add("mk-over-me");
    } else if (event.type === "drop" && lifted) {
      event.preventDefault();
      const form = moveFor(column);
      if (form) form.requestSubmit(form.querySelector("button"));
    } else if (event.type === "dragend") {
      all(".mk-lifted, .mk-over-me").forEach((it) => it.classList.remove("mk-lifted", "mk-over-me"));
      lifted = null;
    }
  }

  /* Keys: "/" to the search, "m" on a card opens its moves, a digit picks one. */
  function keys(event) {
    const typing = event.target.closest("input, textarea, select, [contenteditable=true], .ts-control");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const card = event.target.closest(".mk-board-card");
    if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "m" && card) {
      const opener = card.querySelector("[data-move]");
      if (opener) { event.preventDefault(); opener.click(); setTimeout(() => focusFirst(card), 30); }
    } else if (/^[1-9]$/.test(event.key) && card && card.querySelector(".dropdown-menu.show")) {
      const form = all("form[data-to]", card)[Number(event.key) - 1];
      if (form) form.requestSubmit(form.querySelector("button"));
    }
  }
  function focusFirst(card) {
    const first = card.querySelector(".dropdown-menu.show .dropdown-item");
    if (first) first.focus();
  }

  function clicked(event) {
    const it = (selector) => event.target.closest(selector);
    const opener = it("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    if (it("[data-closes]")) it("dialog").close();
    if (it("[data-away]")) it(".mk-said").remove();
    if (it("[data-copy]")) copy(it("[data-copy]"));
    if (it("[data-print]")) print();
    const half = it("[data-show]");
    if (half) {
      document.querySelector(".mk-record").dataset.shown = half.dataset.show;
      all("[data-show]").forEach((other) => other.setAttribute("aria-pressed", String(other === half)));
    }
  }

  function changed(event) {
    if (event.target.matches(".mk-pick-all")) all(".mk-pick").forEach((pick) => { pick.checked = event.target.checked; });
    if (event.target.matches(".mk-pick, .mk-pick-all")) countTicks();
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  }

  const listeners = { click: clicked, change: changed, keydown: keys, dragstart: board, dragover: board, drop: board, dragend: board };
  Object.entries(listeners).forEach(([name, heard]) => document.addEventListener(name, heard));
  document.addEventListener("submit", askFirst);
  document.addEventListener("submit", pressOnce);
  document.addEventListener("submit", keepTyped);
  document.addEventListener("htmx:sendError", unheard);
  document.addEventListener("htmx:timeout", unheard);
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) location.reload(); else unheard(); });
  document.addEventListener("makao:say", (event) => say(event.detail.text, event.detail.tone));
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) event.detail.headers["X-CSRFToken"] = token.content;
  });
  document.addEventListener("htmx:afterSwap", () => { tellTime(); tellLeft(); countTicks(); });
  addEventListener("pageshow", () => { all("form[data-sent]").forEach((form) => { delete form.dataset.sent; delete form.dataset.agreed; }); countTicks(); });
  document.addEventListener("DOMContentLoaded", () => { tellTime(); tellLeft(); countTicks(); bringBack(); });
  setInterval(tellLeft, 1000);
  setInterval(tellTime, 60000);
  window.makao = { say };
})();
