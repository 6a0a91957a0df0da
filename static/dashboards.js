/* The filters of a dashboard stand in the address: Dash draws what it says, and "back" works. */
(function () {
  "use strict";
  const form = document.querySelector("[data-dashboard]");
  if (!form) return;

  form.addEventListener("change", () => {
    history.pushState(null, "", `${location.pathname}?${new URLSearchParams(new FormData(form))}`);
    dispatchEvent(new PopStateEvent("popstate"));
  });
  document.addEventListener("makao:theme", () => location.reload());
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("popstate", () => {
    const said = new URLSearchParams(location.search);
    form.querySelectorAll("select").forEach((select) => {
      const first = Array.from(select.options).find((option) => option.defaultSelected) || select.options[0];
      select.value = said.has(select.name) ? said.get(select.name) : first.value;
    });
  });
})();
