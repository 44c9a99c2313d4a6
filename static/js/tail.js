// Live tail of a list: every few seconds the rows that were written since are put where they belong (new ones by their
// time, changed ones in place of themselves). Everything else stays as it is: selection, focus, scroll.
(() => {
  "use strict";
  const EVERY = 3000; // milliseconds between polls
  const IDLE = 15 * 60 * 1000; // without a sign of life it stops by itself
  const MOST = 200; // rows on the page
  let timer = 0;
  let alive = Date.now();
  let failures = 0;
  let came = 0;
  const control = () => document.querySelector("a[data-tail]");

  async function poll() {
    clearTimeout(timer);
    const tail = control();
    if (!tail || document.hidden) return;
    if (Date.now() - alive > IDLE) { stop(tail); return; }
    const address = new URL(location);
    address.searchParams.set("since", tail.dataset.since);
    address.searchParams.set("oldest", tail.dataset.oldest);
    try {
      // A redirect means that nobody is signed in any more.
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual" });
      if (!answer.ok) throw new Error(answer.status);
      if (answer.status === 200) put(await answer.text(), answer.headers.has("X-All-New"));
      tail.dataset.since = answer.headers.get("X-Since");
      failures = 0;
    } catch {
      failures = Math.min(failures + 1, 5);
    }
    tail.classList.toggle("troubled", failures > 0);
    timer = setTimeout(poll, EVERY * 2 ** failures);
  }

  function put(html, allNew) {
    const body = document.querySelector("table[data-columns] tbody");
    if (!body) { location.reload(); return; }
    const template = document.createElement("template");
    template.innerHTML = html;
    const rows = [...template.content.children];
    for (const row of rows) {
      const old = body.querySelector(`tr[data-id="${CSS.escape(row.dataset.id)}"]`);
      if (old?.dataset.version === row.dataset.version) continue;
      if (old) replace(old, row);
      else {
        row.classList.add("fresh");
        body.insertBefore(row, [...body.rows].find((other) => other.dataset.at <= row.dataset.at) || null);
        came += 1;
      }
      htmx.process(row);
    }
    if (allNew) drop([...body.rows].filter((row) => row.dataset.at < rows.at(-1).dataset.at));
    drop([...body.rows].slice(MOST));
    const told = document.querySelector("[data-tail-told]");
    if (told && came) told.textContent = told.dataset.tailTold.replace("{n}", came);
    document.dispatchEvent(new CustomEvent("rowschange"));
  }

  function replace(old, row) {
    const focused = [...old.querySelectorAll("a, input")].indexOf(document.activeElement);
    const [before, after] = [old, row].map((one) => one.querySelector("[data-check]"));
    if (before && after) after.checked = before.checked;
    row.className = old.className;
    old.replaceWith(row);
    if (focused >= 0) row.querySelectorAll("a, input")[focused]?.focus();
  }

  // What is chosen stays. Where rows are missing, "next" would skip them.
  function drop(rows) {
    const gone = rows.filter((row) => !row.querySelector("[data-check]:checked"));
    gone.forEach((row) => row.remove());
    if (gone.length) document.querySelectorAll(".pager").forEach((pager) => pager.remove());
  }

  function stop(tail) {
    const address = new URL(location);
    address.searchParams.delete("live");
    history.replaceState(history.state, "", address);
    tail.removeAttribute("data-tail");
    tail.setAttribute("aria-checked", "false");
    address.searchParams.set("live", "1");
    tail.href = address.search;
    const told = document.querySelector("[data-tail-told]");
    if (told) told.textContent = told.dataset.stopped;
  }

  ["pointermove", "pointerdown", "keydown", "scroll"].forEach((sign) => document.addEventListener(sign, () => { alive = Date.now(); }, { capture: true, passive: true }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden && control()) { alive = Date.now(); poll(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("a[role=switch]")) { event.preventDefault(); event.target.click(); }
  });
  if (control()) timer = setTimeout(poll, EVERY);
})();
