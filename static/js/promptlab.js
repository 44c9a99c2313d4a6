// Behaviour of every page. Elements say what they do by data attributes; no inline scripts (content security policy).
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const typing = (element) => element?.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  // --- Theme: a cookie, so that the server draws the right one at once; Unfold's own key follows it. ---
  const themes = ["auto", "light", "dark"];
  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    document.cookie = `promptlab_theme=${theme};path=/;max-age=31536000;samesite=lax`;
    localStorage.setItem("adminTheme", JSON.stringify(theme));
    document.dispatchEvent(new CustomEvent("themechange"));
  }
  const shown = () => {
    const theme = document.documentElement.dataset.theme;
    return theme === "auto" || !theme ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : theme;
  };

  // --- Clicks, by what the element says ---
  document.addEventListener("click", async (event) => {
    const at = (name) => event.target.closest(`[data-${name}]`);
    let element;
    if (at("theme-toggle")) setTheme(shown() === "dark" ? "light" : "dark");
    else if (at("toggle-menu")) document.body.classList.toggle("menu-open");
    else if ((element = at("dialog"))) { event.preventDefault(); element.closest("details.pop")?.removeAttribute("open"); $(`#${CSS.escape(element.dataset.dialog)}`)?.showModal(); }
    else if ((element = at("close-dialog"))) element.closest("dialog")?.close();
    else if ((element = at("copy"))) { event.preventDefault(); copy(element); }
    else if ((element = at("unfold"))) { element.previousElementSibling.classList.remove("fold"); element.remove(); }
    else if ((element = at("show"))) showOne(element);
    else if ((element = event.target.closest("[role=treeitem]"))) $$("[role=treeitem]", element.parentElement).forEach((other) => other.setAttribute("aria-selected", other === element));
    else if (event.target.matches("dialog")) event.target.close();
    else if (!event.target.closest(".pl-side")) document.body.classList.remove("menu-open");
    $$("details.pop[open]").forEach((pop) => { if (!pop.contains(event.target)) pop.open = false; });
  });

  async function copy(button) {
    const source = button.dataset.copy || $(button.dataset.copyFrom || "pre", button.closest(".snippet, .block") || document)?.textContent || "";
    try {
      await navigator.clipboard.writeText(source);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: source });
      (button.closest("dialog") || document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const icon = $(".icon", button);
    if (icon) { const before = icon.textContent; icon.textContent = "check"; setTimeout(() => (icon.textContent = before), 1200); }
  }

  // data-show="#id": shows one of the siblings that share data-group, hides the others (raw/pretty, snippet languages).
  function showOne(button) {
    const target = $(button.dataset.show, button.closest("[data-shows]") || document);
    if (!target) return;
    $$(`[data-group="${target.dataset.group}"]`, target.parentElement).forEach((other) => (other.hidden = other !== target));
    const state = button.role === "tab" ? "aria-selected" : "aria-pressed";
    $$("[data-show]", button.parentElement).forEach((other) => other.setAttribute(state, other === button));
  }

  // --- Keyboard ---
  let pendingGo = false;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if ($("dialog[open]")) return;
    if (pendingGo) {
      pendingGo = false;
      const link = $(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    if (event.key === "g") pendingGo = true, setTimeout(() => (pendingGo = false), 1200);
    else if (event.key === "/") { const search = $("input[type=search]:not(dialog *)"); if (search) { event.preventDefault(); search.focus(); search.select(); } }
    else if (event.key === "?") $("#keys")?.showModal();
    else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1, event);
    else if (event.key === "Enter") { const row = $("tr.focused .row-link, .focused.row-link"); if (row && document.activeElement === document.body) row.click(); }
  });

  // j/k: the next or previous link of the page ([rel=next], [rel=prev]), else the next row of the first table.
  function step(by, event) {
    const link = $(by > 0 ? "a[rel=next][data-step]" : "a[rel=prev][data-step]");
    if (link) { link.click(); return; }
    const rows = $$("tr.link");
    if (!rows.length) return;
    event.preventDefault();
    const now = rows.findIndex((row) => row.classList.contains("focused"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + by))];
    rows.forEach((row) => row.classList.toggle("focused", row === next));
    next.scrollIntoView({ block: "nearest" });
  }

  function openPalette() {
    const palette = $("#palette");
    if (!palette || palette.open) return;
    palette.showModal();
    const input = $("input", palette);
    input.value = "";
    htmx.trigger(input, "palette-open");
  }
  document.addEventListener("keydown", (event) => {
    const palette = event.target.closest?.("#palette");
    if (!palette || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    const links = $$("a", palette);
    const now = links.indexOf(document.activeElement);
    if (event.key === "Enter") { if (now < 0 && links[0]) { event.preventDefault(); links[0].click(); } return; }
    event.preventDefault();
    (links[now + (event.key === "ArrowDown" ? 1 : -1)] || $("input", palette)).focus();
  });

  // --- Tables: choose all, the bar of bulk actions, columns (remembered per table) ---
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-check-all]")) $$("tbody [data-check]", box.closest("table")).forEach((other) => (other.checked = box.checked));
    if (box.matches("[data-check-all], [data-check]")) refreshBulk(box.closest("form, .bulk-scope") || document);
    if (box.matches("[data-column-toggle]")) {
      const name = box.dataset.columnToggle;
      const hidden = hiddenColumns($(`table[data-columns="${name}"]`));
      box.checked ? hidden.delete(box.value) : hidden.add(box.value);
      if (new URLSearchParams(location.search).has("hide")) hideInAddress(hidden);
      else localStorage.setItem(`columns:${name}`, JSON.stringify([...hidden]));
      applyColumns();
    }
    if (box.matches("[data-submit]")) {
      (box.dataset.clears || "").split(" ").forEach((name) => { if (box.form.elements[name]) box.form.elements[name].value = ""; });
      box.form.requestSubmit();
    }
  });
  function refreshBulk(scope) {
    const chosen = $$("[data-check]:checked", scope);
    $$(".bulk", scope).forEach((bar) => { bar.hidden = chosen.length < Number(bar.dataset.atLeast || 1); });
    $$("[data-chosen-count]", scope).forEach((span) => (span.textContent = chosen.length));
    $$("tr:has([data-check])", scope).forEach((row) => row.classList.toggle("selected", $("[data-check]", row).checked));
  }
  // Cells carry data-column="name"; a table carries data-columns="its name". An address that says what is hidden
  // (`?hide=a&hide=b`, as saved views do) is obeyed before what this browser remembers.
  function hiddenColumns(table) {
    const params = new URLSearchParams(location.search);
    if (params.has("hide")) return new Set(params.getAll("hide"));
    const stored = localStorage.getItem(`columns:${table.dataset.columns}`);
    return new Set(stored ? JSON.parse(stored) : (table.dataset.hidden || "").split(" "));
  }
  function withHidden(query, hidden) {
    const params = new URLSearchParams(query);
    params.delete("hide");
    const names = [...hidden].filter(Boolean);
    (names.length ? names : [""]).forEach((name) => params.append("hide", name));
    return params.toString();
  }
  // The links and forms of the page lead to the same columns.
  function hideInAddress(hidden) {
    history.replaceState(history.state, "", `?${withHidden(location.search, hidden)}`);
    $$('a[href^="?"]:not(.view-links a)').forEach((link) => { if (link.search.includes("hide=")) link.setAttribute("href", `?${withHidden(link.search, hidden)}`); });
    $$("form.toolbar").forEach((form) => {
      $$("input[name=hide]", form).forEach((input) => input.remove());
      new URLSearchParams(withHidden("", hidden)).forEach((value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "hide", value })));
    });
  }
  // A view that is saved remembers the columns as they stand.
  document.addEventListener("submit", (event) => {
    const table = $(`table[data-columns="${event.target.dataset.viewQuery}"]`);
    if (table) event.target.elements.query.value = withHidden(event.target.elements.query.value, hiddenColumns(table));
  });
  function applyColumns() {
    $$("table[data-columns]").forEach((table) => {
      const hidden = hiddenColumns(table);
      $$("[data-column]", table).forEach((cell) => (cell.hidden = hidden.has(cell.dataset.column)));
      $$(`[data-column-toggle="${table.dataset.columns}"]`).forEach((box) => (box.checked = !hidden.has(box.value)));
    });
  }

  // --- Relative times stay true on a page left open ---
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
  function refreshTimes() {
    $$("time[data-relative]").forEach((element) => {
      const when = new Date(element.dateTime);
      const seconds = Math.round((when - Date.now()) / 1000);
      const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || units[3];
      if (Math.abs(seconds) < 7 * 86400) element.textContent = relative.format(Math.round(seconds / size), unit);
      element.title ||= when.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });
    });
  }

  // What scrolls can be scrolled by keyboard; of tabs in a scrolling line the present one is in sight.
  function reachable() {
    $$(".table-wrap, .snippet pre").forEach((box) => { if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0; });
  }
  $$(".tabs").forEach((tabs) => { const now = $("[aria-current=page]", tabs); if (now && tabs.scrollWidth > tabs.clientWidth) tabs.scrollLeft = now.offsetLeft - tabs.offsetLeft - 40; });

  function ready() { applyColumns(); refreshTimes(); refreshBulk(document); reachable(); }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
  document.addEventListener("htmx:afterSwap", ready);
  document.addEventListener("rowschange", ready); // the live tail
  setInterval(refreshTimes, 30000);

  // What was unfolded in a fragment stays so when it comes anew.
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", (event) => { unfolded = [...event.detail.target.querySelectorAll("details[id][open]")].map((one) => one.id); });
  document.addEventListener("htmx:afterSwap", () => unfolded.forEach((id) => document.getElementById(id)?.setAttribute("open", "")));

  // A table that was scrolled aside stays so when it comes anew, each second where work goes on.
  const tables = () => [...document.querySelectorAll(".table-wrap")];
  let aside = [];
  document.addEventListener("htmx:beforeSwap", () => { aside = tables().map((one) => one.scrollLeft); });
  document.addEventListener("htmx:afterSwap", () => { if (tables().length === aside.length) tables().forEach((one, place) => { one.scrollLeft = aside[place]; }); });

  // A refused htmx request says so instead of doing nothing; forms answered with 4xx swap in their errors.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ([400, 403, 404, 409, 422].includes(event.detail.xhr.status) && event.detail.xhr.getResponseHeader("Content-Type")?.includes("html")) event.detail.shouldSwap = !event.detail.xhr.responseText.startsWith("<!DOCTYPE");
  });
  // A token that signing in made out of date: the next press of the same button takes the fresh one.
  document.addEventListener("formtoken", (event) => {
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": event.detail }));
    $$("input[name=csrfmiddlewaretoken]").forEach((input) => (input.value = event.detail));
  });
  document.addEventListener("htmx:responseError", (event) => {
    const fresh = event.detail.xhr.getResponseHeader("X-Form-Token");
    if (fresh) { document.dispatchEvent(new CustomEvent("formtoken", { detail: fresh })); flash(event.detail.xhr.responseText); }
    if (event.detail.xhr.responseText.startsWith("<!DOCTYPE")) flash(`${event.detail.xhr.status} ${event.detail.xhr.statusText}`);
  });
  document.addEventListener("htmx:sendError", () => flash(document.body.dataset[navigator.onLine ? "tUnreachable" : "tOffline"] ?? "The server does not answer."));
  function flash(text) {
    let list = $(".flash");
    if (!list) { list = Object.assign(document.createElement("ul"), { className: "flash" }); $("#content")?.prepend(list); }
    list.replaceChildren(Object.assign(document.createElement("li"), { className: "notice bad", textContent: text }));
    list.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm || event.submitter?.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  });
})();
