// The editor of prompts: rows of messages, and the variables found while one types.
(() => {
  "use strict";
  const editor = document.querySelector("[data-editor]");
  if (!editor) return;
  const rows = editor.querySelector("[data-rows]");
  const shown = editor.querySelector("[data-variables]");
  // The same rules as prompts/templates.py.
  const VARIABLE = /\{\{([\s\S]*?)\}\}/g;
  const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.\- ]*$/u;

  function refresh() {
    const names = new Set();
    for (const source of editor.querySelectorAll("[data-source]")) {
      if (!source.checkVisibility || source.checkVisibility()) for (const match of source.value.matchAll(VARIABLE)) if (NAME.test(match[1].trim())) names.add(match[1].trim());
    }
    shown.replaceChildren(...[...names].map((name) => Object.assign(document.createElement("code"), { className: "variable", textContent: name })));
    if (!names.size) shown.textContent = shown.dataset.none;
  }

  function add(kind) {
    const row = editor.querySelector(`[data-template="${kind}"]`).content.firstElementChild.cloneNode(true);
    const roles = [...rows.querySelectorAll(".role-input")];
    const role = row.querySelector(".role-input");
    if (role) role.value = !roles.length ? "system" : roles.at(-1).value === "user" ? "assistant" : "user";
    rows.append(row);
    row.querySelector("textarea, input[name=content]").focus();
  }

  editor.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = event.target.closest("[data-row]");
    if (!button) return;
    if (button.dataset.add) add(button.dataset.add);
    else if (button.dataset.append) append(button);
    else if (button.dataset.insert) insert(button.dataset.insert);
    else if (row && "up" in button.dataset) { row.previousElementSibling?.before(row); button.focus(); }
    else if (row && "down" in button.dataset) { row.nextElementSibling?.after(row); button.focus(); }
    else if (row && "remove" in button.dataset) row.remove();
    else return;
    refresh();
  });

  function append(button) {
    const input = document.getElementById(button.dataset.to);
    const there = input.value.split(/[\s,]+/).filter(Boolean);
    if (!there.includes(button.dataset.append)) input.value = [...there, button.dataset.append].join(", ");
    input.focus();
  }

  // Into the text that was last worked on, where the cursor stood.
  let source = null;
  editor.addEventListener("focusin", (event) => { if (event.target.matches("[data-source]")) source = event.target; });

  function insert(text) {
    const visible = [...editor.querySelectorAll("[data-source]")].filter((one) => one.checkVisibility());
    const into = source?.isConnected ? source : visible.at(-1);
    if (!into) return;
    into.focus();
    into.setRangeText(text, into.selectionStart, into.selectionEnd, "end");
    into.dispatchEvent(new Event("input", { bubbles: true }));
  }

  editor.addEventListener("input", refresh);
  editor.addEventListener("change", refresh);

  // What was typed is not lost by a slip.
  let changed = false;
  editor.addEventListener("input", () => (changed = true));
  editor.addEventListener("submit", () => (changed = false));
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  refresh();
})();
