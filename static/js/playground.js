// The playground: columns are read from the page into one JSON document, which is kept, run and published.
(() => {
  "use strict";
  const root = document.querySelector("[data-playground]");
  if (!root) return;
  const columns = root.querySelector("[data-columns]");
  const list = root.querySelector("[data-variable-list]");
  const status = root.querySelector("[data-status]");
  const say = (name) => root.dataset["t" + name[0].toUpperCase() + name.slice(1)];
  // Without a prototype: a variable may be called "constructor" or "__proto__".
  const values = Object.assign(Object.create(null), JSON.parse(document.getElementById("playground-values").textContent));
  const mayWrite = Boolean(root.dataset.mayWrite);
  const SETTINGS = ["connection", "model", "temperature", "max_tokens", "top_p", "seed", "more", "tools", "response_format"];
  // The same rules as prompts/templates.py.
  const VARIABLE = /\{\{([\s\S]*?)\}\}/g;
  const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.\- ]*$/u;
  // What puts another prompt in: prompts/composition.py.
  const TAG = /@@@langfusePrompt:.*?@@@/g;

  const all = () => [...columns.querySelectorAll("[data-column]")];
  const field = (column, name) => column.querySelector(`[name="${name}"]`);

  // --- Reading the page -------------------------------------------------------------------------------

  function read(column) {
    const rows = [...column.querySelectorAll("[data-row]")];
    const told = { kind: column.dataset.kind, prompt: column.dataset.prompt, version: column.dataset.version ? Number(column.dataset.version) : null };
    for (const name of SETTINGS) told[name] = field(column, name).value;
    told.messages = rows.map((row) => ({ role: row.querySelector("[name=role]").value, content: row.querySelector("[name=content]").value, more: row.dataset.more || "" }));
    const trace = column.querySelector("[data-trace]");
    told.said = { text: column.querySelector("[data-text]").textContent, told: column.querySelector("[data-told]").textContent, fault: column.querySelector("[data-fault]").textContent, trace: trace.hidden ? "" : trace.getAttribute("href") || "" };
    return told;
  }
  const state = () => ({ columns: all().map(read), variables: values });

  // --- Variables --------------------------------------------------------------------------------------

  function names() {
    const found = new Map();
    for (const column of all()) for (const row of column.querySelectorAll("[data-row]")) {
      const text = row.querySelector("[name=content]").value;
      if (row.querySelector("[name=role]").value === "placeholder") { if (text.trim()) found.set(text.trim(), true); continue; }
      const own = [...text.matchAll(VARIABLE)].map((match) => match[1].trim()).filter((name) => NAME.test(name));
      for (const name of [...own, ...tagsOf(text).flatMap((tag) => inside.get(tag) ?? [])]) if (!found.has(name)) found.set(name, false);
    }
    return found;
  }
  // The variables of the prompts that tags put in, which the server knows.
  const inside = new Map();
  const tagsOf = (text) => [...text.matchAll(TAG)].map((match) => match[0]);
  async function lookInside(tags) {
    if (!tags.length) return;
    for (const tag of tags) if (!inside.has(tag)) inside.set(tag, []);
    const asked = new URLSearchParams(tags.map((tag) => ["tag", tag]));
    const answer = await ask(`${root.dataset.inside}?${asked}`).catch(() => null);
    if (!answer?.ok) { for (const tag of tags) inside.delete(tag); return; }
    for (const [tag, found] of Object.entries((await answer.json()).variables)) inside.set(tag, found);
    showVariables();
  }
  const allTags = () => all().flatMap((column) => [...column.querySelectorAll("[name=content]")].flatMap((area) => tagsOf(area.value)));

  function showVariables() {
    const wanted = names();
    const shown = [...list.querySelectorAll("label")];
    if (list.childElementCount && shown.length === wanted.size && shown.every((label) => wanted.has(label.dataset.name))) return;
    list.replaceChildren(...[...wanted].map(([name, isPlaceholder]) => {
      const label = Object.assign(document.createElement("label"), { className: "variable-field" });
      label.dataset.name = name;
      const title = Object.assign(document.createElement("code"), { className: "variable", textContent: name });
      const area = Object.assign(document.createElement("textarea"), { rows: 1, value: values[name] || "", autocomplete: "off", readOnly: !mayWrite });
      if (isPlaceholder) area.placeholder = say("placeholder");
      area.addEventListener("input", () => { values[name] = area.value; });
      if (!(name in values)) values[name] = "";
      label.append(title, area);
      return label;
    }));
    if (!wanted.size) list.append(Object.assign(document.createElement("p"), { className: "soft small", textContent: say("none") }));
  }

  async function fill(query) {
    const asked = new URLSearchParams(query);
    for (const name of names().keys()) asked.append("name", name);
    const answer = await ask(`${root.dataset.variables}?${asked}`);
    if (!answer.ok) return false;
    const found = (await answer.json()).variables;
    Object.assign(values, found);
    for (const label of list.querySelectorAll("label")) if (Object.hasOwn(found, label.dataset.name)) label.querySelector("textarea").value = found[label.dataset.name];
    status.textContent = Object.keys(found).length ? say("filled").replace("{names}", Object.keys(found).join(", ")) : say("unfilled");
    changed();
    return true;
  }

  // --- Keeping ----------------------------------------------------------------------------------------

  let timer = 0, saving = null, again = false, unkept = false;
  function changed() {
    showVariables();
    lookInside(allTags().filter((tag) => !inside.has(tag)));
    if (!mayWrite) return;
    clearTimeout(timer);
    timer = setTimeout(save, 600);
  }
  async function save() {
    if (saving) { again = true; return saving; }
    clearTimeout(timer);
    timer = 0;
    if (!conflict.hidden) return;
    const address = root.dataset.draft ? `${root.dataset.save}/${root.dataset.draft}?version=${root.dataset.version}` : root.dataset.save;
    saving = (async () => {
      unkept = true;
      try {
        const answer = await post(address, state());
        const told = await answer.json();
        if (answer.status === 409) { conflict.hidden = false; conflict.scrollIntoView({ block: "nearest" }); status.textContent = say("unkept"); return; }
        if (!answer.ok) { status.textContent = told.message; return; }
        const id = told.address.split("/").at(-1);
        const copied = root.dataset.draft && root.dataset.draft !== id;
        root.dataset.draft = id;
        root.dataset.version = told.version;
        unkept = false;
        if (location.pathname !== told.address || location.search) history.replaceState(null, "", told.address);
        status.textContent = copied ? say("copy") : say("saved");
      } catch (error) { status.textContent = error instanceof SignedOut ? error.message : say("lost"); }
    })();
    await saving;
    saving = null;
    if (again) { again = false; await save(); }
  }
  // Another window wrote the same draft meanwhile: nothing is kept until one says which of the two counts.
  const conflict = root.querySelector("[data-conflict]");
  conflict.querySelector("[data-keep-mine]").addEventListener("click", () => { conflict.hidden = true; root.dataset.draft = ""; save(); });
  conflict.querySelector("[data-load-other]").addEventListener("click", () => { conflict.hidden = true; clearTimeout(timer); timer = 0; unkept = false; location.reload(); });
  window.addEventListener("beforeunload", (event) => {
    if (timer) save();
    if (saving || unkept || !conflict.hidden) event.preventDefault();
  });
  // Back from signing in in another window.
  window.addEventListener("focus", () => { if (unkept && !saving) save(); });
  // Who is signed out is led to the page for signing in, which is no answer to a script.
  class SignedOut extends Error {}
  const trouble = (error) => (error instanceof TypeError ? say("cut") : error.message); // a browser's own words are in its own language
  async function ask(address, more = {}) {
    const answer = await fetch(address, { redirect: "manual", ...more });
    if (answer.type === "opaqueredirect") throw new SignedOut(say("signedOut"));
    return answer;
  }
  async function post(address, body, more = {}) {
    const sent = () => ask(address, { method: "POST", headers: { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) }, body: JSON.stringify(body), ...more });
    const answer = await sent(), fresh = answer.headers.get("X-Form-Token");
    if (!fresh) return answer;
    // Signed in anew meanwhile: nothing was done, and the same goes through with the fresh token.
    document.dispatchEvent(new CustomEvent("formtoken", { detail: fresh }));
    return sent();
  }

  // --- Running ----------------------------------------------------------------------------------------

  const running = new Map(); // column -> AbortController
  const runAll = document.querySelector("[data-run-all]"), stopAll = document.querySelector("[data-stop-all]");

  async function run(chosen) {
    const free = chosen.filter((column) => !running.has(column));
    if (!free.length) return;
    const everything = all(), sent = state(), stop = new AbortController();
    for (const column of free) begin(column, stop);
    try {
      const query = free.map((column) => `column=${everything.indexOf(column)}`).join("&");
      const answer = await post(`${root.dataset.run}?${query}`, sent, { signal: stop.signal });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).message || say("cut"));
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines) if (line.trim()) show(everything, JSON.parse(line));
      }
      for (const column of free) if (running.get(column) === stop) end(column, say("cut"));
    } catch (error) {
      const said = error.name === "AbortError" ? say("stopped") : trouble(error);
      for (const column of free) if (running.get(column) === stop) end(column, said);
    }
    changed();
    lookInside(allTags()); // labels move
  }

  function begin(column, stop) {
    running.set(column, stop);
    column.classList.add("running");
    column.querySelector("[data-answer]").hidden = false;
    column.querySelector("[data-text]").textContent = "";
    column.querySelector("[data-fault]").textContent = "";
    column.querySelector("[data-told]").textContent = say("running");
    column.querySelector("[data-trace]").hidden = true;
    buttons();
  }
  function end(column, fault = "", told = "") {
    running.delete(column);
    column.classList.remove("running");
    column.querySelector("[data-fault]").textContent = fault;
    column.querySelector("[data-told]").textContent = told;
    buttons();
  }
  // Columns that were asked together share one answer: it is cut when the last of them goes.
  function forget(column) {
    const stop = running.get(column);
    running.delete(column);
    if (![...running.values()].includes(stop)) stop?.abort();
  }
  function buttons() {
    stopAll.hidden = running.size === 0;
    runAll.disabled = all().every((column) => running.has(column));
    const full = all().length >= Number(root.dataset.most);
    root.querySelectorAll("[data-add-column], [data-add-prompt], [data-copy-column]").forEach((one) => { one.disabled = full; });
  }
  function show(everything, line) {
    const column = everything[line.column];
    if (!column?.isConnected || !running.has(column)) return;
    const text = column.querySelector("[data-text]");
    if ("text" in line) { text.append(line.text); column.querySelector("[data-told]").textContent = ""; return; }
    if ("fault" in line) { end(column, line.fault); link(column, line.trace); return; }
    const done = line.done;
    text.textContent = done.text;
    if (done.tool_calls.length) text.append((done.text ? "\n\n" : "") + done.tool_calls.map((call) => JSON.stringify(call.function || call, null, 2)).join("\n"));
    end(column, "", done.told);
    link(column, done.trace);
  }
  function link(column, address) {
    const trace = column.querySelector("[data-trace]");
    trace.hidden = !address;
    if (address) trace.href = address;
  }

  // --- Columns and messages ---------------------------------------------------------------------------

  const fresh = (name) => root.querySelector(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
  function addMessage(column, role, content = "") {
    const row = fresh("message");
    row.querySelector("[name=role]").value = role;
    row.querySelector("[name=content]").value = content;
    row.classList.toggle("placeholder", role === "placeholder");
    column.querySelector("[data-rows]").append(row);
    return row;
  }
  function place(column, after) {
    if (after) after.after(column); else columns.insertBefore(column, columns.querySelector(".playground-add"));
    bind(column);
    column.scrollIntoView({ inline: "nearest", block: "nearest" });
    buttons();
    changed();
  }
  function duplicate(column) {
    const copy = column.cloneNode(true);
    // What was typed is no attribute, and is not copied with the elements.
    const typed = (one) => [...one.querySelectorAll("input, textarea, select")];
    typed(copy).forEach((input, at) => { input.value = typed(column)[at].value; });
    copy.classList.remove("running");
    copy.querySelector("[data-answer]").hidden = true;
    for (const part of ["text", "told", "fault"]) copy.querySelector(`[data-${part}]`).textContent = "";
    place(copy, column);
  }
  async function fetched(name, version = "") {
    const answer = await ask(`${root.dataset.column}?${new URLSearchParams({ prompt: name, version })}`).catch((error) => { status.textContent = trouble(error); });
    if (!answer?.ok) return null;
    const holder = document.createElement("div");
    holder.innerHTML = await answer.text();
    return holder.querySelector("[data-column]");
  }
  function bind(column) {
    const connection = field(column, "connection"), model = field(column, "model");
    const tie = () => model.setAttribute("list", `models-${connection.value}`);
    tie();
    connection.addEventListener("change", () => {
      tie();
      const known = [...(document.getElementById(`models-${connection.value}`)?.options || [])].map((option) => option.value);
      if (known.length && !known.includes(model.value)) model.value = known[0];
    });
    if (!column.querySelector("[data-row]")) addMessage(column, "user");
    if (!mayWrite) for (const input of column.querySelectorAll("input, textarea, select")) input.disabled = true;
  }

  columns.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const column = button.closest("[data-column]"), row = button.closest("[data-row]"), asked = button.dataset;
    if ("addColumn" in asked) { const last = all().at(-1); return last ? duplicate(last) : place(fresh("column")); }
    if ("runColumn" in asked) return run([column]);
    if ("copyColumn" in asked) return duplicate(column);
    if ("removeColumn" in asked) { forget(column); column.remove(); if (!all().length) place(fresh("column")); buttons(); return changed(); }
    if ("publishColumn" in asked) return publish(column);
    if ("addMessage" in asked) { const last = [...column.querySelectorAll("[name=role]")].at(-1)?.value; addMessage(column, last === "user" ? "assistant" : "user").querySelector("textarea").focus(); return changed(); }
    if ("addPlaceholder" in asked) { addMessage(column, "placeholder", "history"); return changed(); }
    if ("up" in asked) { row.previousElementSibling?.before(row); button.focus(); return changed(); }
    if ("remove" in asked && row) { row.remove(); return changed(); }
    if ("copyAnswer" in asked) return navigator.clipboard?.writeText(column.querySelector("[data-text]").textContent);
    if ("answerOn" in asked) { column.dataset.kind = "chat"; addMessage(column, "assistant", column.querySelector("[data-text]").textContent); addMessage(column, "user").querySelector("textarea").focus(); return changed(); }
  });
  columns.addEventListener("change", async (event) => {
    if ("addPrompt" in event.target.dataset && event.target.value) {
      const column = await fetched(event.target.value);
      event.target.value = "";
      if (column) place(column);
    } else if ("versions" in event.target.dataset) {
      const old = event.target.closest("[data-column]"), column = await fetched(old.dataset.prompt, event.target.value);
      if (!column) return;
      for (const name of ["connection", "model"]) field(column, name).value = field(old, name).value;
      place(column, old);
      old.remove();
      changed();
    }
  });
  root.addEventListener("input", changed);
  root.addEventListener("change", changed);
  runAll?.addEventListener("click", () => run(all()));
  stopAll?.addEventListener("click", () => { for (const stop of new Set(running.values())) stop.abort(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && mayWrite && !document.querySelector("dialog[open]")) { event.preventDefault(); run(all()); } });
  document.getElementById("playground-items").addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (!button) return;
    fill({ item: button.dataset.fill }).catch((error) => { status.textContent = trouble(error); });
    document.getElementById("playground-items").close();
  });
  document.querySelector("[data-trace-form]").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target, fault = form.querySelector("[data-trace-fault]"), typed = form.elements.trace.value.trim();
    const address = /\/traces\/([^?#]+)(?:\?([^#]*))?/.exec(typed);
    const trace = address ? decodeURIComponent(address[1]) : typed, observation = new URLSearchParams(address?.[2] || "").get("observation") || "";
    fault.textContent = say("noTrace");
    const there = await fill({ trace, observation }).catch((error) => { fault.textContent = trouble(error); });
    fault.hidden = Boolean(there);
    if (there) form.closest("dialog").close();
  });

  // --- Publishing, and on to an experiment --------------------------------------------------------------

  const dialog = document.getElementById("playground-publish"), form = dialog.querySelector("form"), fault = dialog.querySelector("[data-publish-fault]");
  let published = null;
  function publish(column) {
    published = column;
    form.elements.name.value = column.dataset.prompt;
    fault.hidden = true;
    dialog.showModal();
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = { name: form.elements.name.value, message: form.elements.message.value, labels: form.elements.labels.value, column: read(published) };
    const answer = await post(root.dataset.publish, told).catch((error) => error);
    const said = answer instanceof Error ? { message: trouble(answer) } : await answer.json();
    if (!answer.ok) { fault.textContent = said.message; fault.hidden = false; return; }
    dialog.close();
    published.dataset.prompt = said.name;
    published.dataset.version = said.version;
    const name = published.querySelector("[data-name]");
    name.replaceChildren(Object.assign(document.createElement("a"), { href: said.address, textContent: said.name }), " ", Object.assign(document.createElement("span"), { className: "badge outline", textContent: `v${said.version}` }));
    published.querySelector("[data-versions]")?.remove();
    toExperiment();
    clearTimeout(timer);
    await save();
    status.textContent = said.told;
  });
  const experiment = document.querySelector("[data-experiment]");
  function toExperiment() {
    if (experiment) experiment.hidden = !all().some((column) => column.dataset.prompt);
  }
  experiment?.addEventListener("click", () => {
    const asked = new URLSearchParams();
    for (const column of all()) {
      if (column.dataset.prompt) { asked.append("prompt", column.dataset.prompt); asked.append("version", column.dataset.version); }
      if (field(column, "model").value) { asked.append("connection", field(column, "connection").value); asked.append("model", field(column, "model").value); }
    }
    location.href = `${root.dataset.experiments}?${asked}`;
  });

  for (const column of all()) bind(column);
  showVariables();
  lookInside(allTags());
  if (mayWrite) { toExperiment(); buttons(); }
})();
