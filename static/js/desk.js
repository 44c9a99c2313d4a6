// The desk: everything by keys, drafts kept as one types, time counted while one looks.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = () => $("#judgement");
  const PAUSE = 700; // ms of rest after which a draft is kept
  const BEAT = 60; // seconds between two signs of life, which keep the item
  const IDLE = 120; // seconds without a sign of the person after which time does not count

  // --- Which question is current ---
  const fields = () => $$("[data-field]", form() || document.createElement("form"));
  const answered = (field) => $("input[type=radio]", field) ? !!$("input:checked", field) : !!$("[name^='value.']", field)?.value.trim();
  const current = () => $("[data-field].current");
  function go(field) {
    fields().forEach((one) => one.classList.toggle("current", one === field));
    field?.scrollIntoView({ block: "nearest" });
  }
  function onward(field) {
    const all = fields(), at = all.indexOf(field);
    go([...all.slice(at + 1), ...all.slice(0, at)].find((one) => !answered(one) && one.dataset.type !== "TEXT") || all[at + 1] || field);
  }
  function step(by) {
    const all = fields(), at = all.indexOf(current());
    document.activeElement?.blur();
    go(all[Math.max(0, Math.min(all.length - 1, at + by))]);
    if (current()?.dataset.type === "TEXT") $("textarea", current()).focus();
  }

  // --- Keys ---
  let going = false; // `g` and a letter lead to another page
  document.addEventListener("keydown", (event) => {
    if (!$("#desk") || $("dialog[open]")) return;
    const target = event.target, area = target.matches("textarea");
    const typing = area || target.matches("input:not([type=radio]):not([type=checkbox]), select");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || !area) && !target.closest("button, a, summary")) {
      if (form()) { event.preventDefault(); form().requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (arrow && !area) { event.preventDefault(); return step(arrow); }
    if (typing) { if (event.key === "Escape") target.blur(); return; }
    if (going) { going = false; return; }
    if (event.key === "g") { going = true; setTimeout(() => (going = false), 1200); return; }
    if (/^\d$/.test(event.key) && current()) return digit(event);
    const act = { u: () => $("[data-desk-back]")?.click(), s: () => $("[data-desk-skip]")?.click(), c: comment, i: instructions }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  function digit(event) {
    const field = current(), option = $(`[data-key="${event.key}"]`, field), text = $("input:not([type=radio]), textarea", field);
    if (option) { event.preventDefault(); option.checked = true; option.dispatchEvent(new Event("change", { bubbles: true })); }
    else if (field.dataset.type === "NUMERIC" && text) { text.focus(); text.select(); } // the digit itself goes into it
  }
  function comment() {
    const details = $("details", current() || fields()[0]);
    if (details) { details.open = true; $("textarea", details).focus(); }
  }
  function instructions() {
    const details = $(".desk-instructions");
    if (details) details.open = !details.open;
  }
  document.addEventListener("focusin", (event) => { const field = event.target.closest("[data-field]"); if (field) go(field); });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#judgement input[type=radio]")) onward(event.target.closest("[data-field]"));
  });

  // --- Drafts ---
  let timer = 0, changed = false;
  document.addEventListener("input", later);
  document.addEventListener("change", later);
  function later(event) {
    if (!event.target.closest("#judgement")) return;
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  }
  async function keep() {
    clearTimeout(timer);
    const sent = form(), told = $("[data-desk-state]");
    if (!sent) return;
    changed = false;
    const body = new FormData(sent);
    body.set("do", "draft");
    try {
      const answer = await fetch(sent.action, { method: "POST", body, keepalive: true });
      if (sent !== form() || !told) return;
      const over = { 409: $("#desk").dataset.lost, 410: $("#desk").dataset.gone }[answer.status];
      told.textContent = over ?? (answer.ok ? told.dataset.saved : told.dataset.failed);
    } catch {
      changed = true;
      if (told) told.textContent = told.dataset.failed;
    }
  }
  document.addEventListener("visibilitychange", () => { if (document.hidden && changed) keep(); });
  addEventListener("pagehide", () => { if (changed) keep(); });
  // What is sent is no draft any more.
  document.addEventListener("submit", () => { clearTimeout(timer); changed = false; });

  // --- Time ---
  let seen = Date.now(), beats = 0;
  for (const name of ["keydown", "pointermove", "scroll", "input"]) addEventListener(name, () => (seen = Date.now()), { passive: true });
  setInterval(() => {
    if (document.hidden || Date.now() - seen > IDLE * 1000) return;
    $$("#desk input[name=seconds]").forEach((input) => (input.value = String(Number(input.value) + 1)));
    if (++beats % BEAT === 0) keep();
  }, 1000);

  // --- What stays open or closed ---
  document.addEventListener("toggle", (event) => {
    const name = event.target.dataset?.remember;
    if (name) localStorage.setItem(name, event.target.open ? "open" : "closed");
  }, true);
  function ready() {
    $$("details[data-remember]").forEach((details) => {
      const stored = localStorage.getItem(details.dataset.remember);
      if (stored) details.open = stored === "open";
    });
    const open = (field) => !answered(field) && field.dataset.type !== "TEXT";
    go(fields().find((field) => $("[role=alert]", field)) || fields().find(open) || fields()[0]);
  }
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "desk" || $("#desk", event.target)) ready(); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
