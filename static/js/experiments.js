// The form of an experiment: rows that come and go, and the estimate that follows what is typed.
(() => {
  "use strict";
  const form = document.querySelector("[data-experiment-form]");
  if (!form) return;
  const estimate = document.getElementById("estimate");

  let timer = 0;
  const changed = () => { clearTimeout(timer); timer = setTimeout(() => estimate.dispatchEvent(new Event("estimate")), 350); };

  // The models that a row's connection offers.
  function tie(row) {
    const connection = row.querySelector("[name=model_connection]"), model = row.querySelector("[name=model_model]");
    if (connection) model.setAttribute("list", `models-${connection.value}`);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.add) {
      const rows = form.querySelector(`[data-rows="${button.dataset.add}"]`);
      const last = rows.lastElementChild;
      const row = form.querySelector(`[data-template="${button.dataset.add}"]`).content.firstElementChild.cloneNode(true);
      if (last && button.dataset.add === "model") {
        row.querySelector("[name=model_connection]").value = last.querySelector("[name=model_connection]").value;
        for (const name of ["model_temperature", "model_max_tokens", "model_seed"]) row.querySelector(`[name=${name}]`).value = last.querySelector(`[name=${name}]`).value;
      }
      rows.append(row);
      tie(row);
      window.htmx?.process(row);
      row.querySelector(button.dataset.add === "model" ? "[name=model_model]" : "select").focus();
    } else if ("remove" in button.dataset) {
      const rows = button.closest("[data-rows]");
      button.closest("[data-row]").remove();
      if (!rows.children.length) form.querySelector(`[data-add="${rows.dataset.rows}"]`).click();
      changed();
    }
  });
  form.addEventListener("change", (event) => { const row = event.target.closest("[data-row]"); if (row) tie(row); changed(); });
  form.addEventListener("input", changed);
  // What is pressed or typed into stays where it is while answers come: only what it depends on is replaced.
  const start = form.querySelector("[data-start]");
  form.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== estimate) changed();
    else start.disabled = !!estimate.querySelector("[data-error-field]");
  });

  const argument = form.querySelector(".argument"), extraction = form.querySelector("[name=extraction]");
  const show = () => { argument.hidden = ["whole", "last_line"].includes(extraction.value); };
  extraction.addEventListener("change", show);
  show();
})();
