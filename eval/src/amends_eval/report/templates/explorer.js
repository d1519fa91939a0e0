// The error explorer: filters, sorts and pages the outcomes. What one outcome holds is drawn by detail.js.
"use strict";
(() => {
  const PAGE = 25;
  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("filters");
  const body = document.querySelector("#outcomes tbody");
  const count = document.getElementById("count");
  const state = { sort: "confidence", down: true, page: 0, chosen: null, shown: [] };

  const outcomes = data.outcomes.map((row) => {
    const found = Object.fromEntries(data.columns.map((column, index) => [column, row[index]]));
    found.item = data.items[found.item];
    found.expected = data.phrases[found.expected];
    found.found = data.phrases[found.found];
    found.wasFound = found.wasFound === null ? null : data.phrases[found.wasFound];
    found.slices = data.slices[found.slices];
    found.id = found.item.id;
    return found;
  });

  const cameOut = (ok) => (ok === null ? "open" : ok ? "right" : "wrong");

  function moved(outcome) {
    if (outcome.wasOk === null || outcome.ok === null || outcome.wasOk === outcome.ok) return "";
    return outcome.ok ? "better" : "worse";
  }

  function hasLabel(outcome, label) {
    const words = `${outcome.expected} ${outcome.found} ${outcome.part}`.match(/[A-Z_]+/g) ?? [];
    return words.includes(label);
  }

  // What the search looks through, made when an item is first searched.
  function words(outcome) {
    outcome.words ??= [outcome.id, outcome.part, outcome.expected, outcome.found, ...asked(outcome.item)]
      .join("\n")
      .toLowerCase();
    return outcome.words;
  }

  function asked(item) {
    return item.parts.flatMap(({ question: q }) =>
      q ? [q.text, q.customer, q.before, q.reply, ...(data.turns[q.turns] ?? []).map((turn) => turn.text)] : [],
    );
  }

  function wanted() {
    const chosen = Object.fromEntries(new FormData(form));
    const slice = chosen.slice ? JSON.parse(chosen.slice) : null;
    const confidence = Number(chosen.confidence);
    const search = chosen.search.trim().toLowerCase();
    return (outcome) =>
      (!chosen.suite || outcome.suite === chosen.suite) &&
      (!chosen.dataset || outcome.item.dataset === chosen.dataset) &&
      (!chosen.ok || cameOut(outcome.ok) === chosen.ok) &&
      (!chosen.label || hasLabel(outcome, chosen.label)) &&
      (!slice || outcome.slices[slice[0]] === slice[1]) &&
      (!chosen.moved || moved(outcome) === chosen.moved) &&
      (confidence === 0 || (outcome.confidence ?? -1) >= confidence) &&
      (!search || words(outcome).includes(search));
  }

  function compare(a, b) {
    const [x, y] = [a[state.sort], b[state.sort]];
    // What is not known stands last, whichever way the column is sorted.
    if (x === null || y === null) return (x === null) - (y === null);
    const order = typeof x === "string" ? x.localeCompare(y) : x - y;
    return state.down ? -order : order;
  }

  function apply() {
    state.shown = outcomes.filter(wanted()).sort(compare);
    state.page = 0;
    form.elements.confidence.nextElementSibling.value = Number(form.elements.confidence.value).toFixed(2);
    render();
  }

  function cell(row, text, className) {
    const made = row.insertCell();
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function addRow(outcome) {
    const row = body.insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = outcome.id;
    const where = document.createElement("span");
    where.textContent = [outcome.suite, outcome.part].filter(Boolean).join(", ");
    name.append(button, where);
    row.append(name);
    cell(row, cameOut(outcome.ok) + (moved(outcome) ? `, got ${moved(outcome)}` : ""), `outcome ${cameOut(outcome.ok)}`);
    cell(row, outcome.expected);
    cell(row, outcome.found);
    cell(row, outcome.confidence === null ? "–" : outcome.confidence.toFixed(2), "figure");
    row.addEventListener("click", () => choose(outcome, row));
    if (outcome === state.chosen) row.setAttribute("aria-current", "true");
  }

  function render() {
    const pages = Math.max(1, Math.ceil(state.shown.length / PAGE));
    body.replaceChildren();
    state.shown.slice(state.page * PAGE, (state.page + 1) * PAGE).forEach(addRow);
    const [all, some] = [outcomes.length, state.shown.length].map((each) => each.toLocaleString("en"));
    count.textContent = `${some} of ${all} outcomes`;
    document.getElementById("page").textContent = `page ${state.page + 1} of ${pages}`;
    document.getElementById("earlier").disabled = state.page === 0;
    document.getElementById("later").disabled = state.page >= pages - 1;
  }

  function choose(outcome, row) {
    state.chosen = outcome;
    body.querySelector("[aria-current]")?.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    showDetail(document.getElementById("detail"), outcome, data);
  }

  function turn(step) {
    state.page += step;
    render();
  }

  function clear() {
    form.reset();
    apply();
  }

  function sortBy(heading) {
    const sort = heading.dataset.sort;
    state.down = state.sort === sort ? !state.down : sort === "confidence";
    state.sort = sort;
    for (const each of document.querySelectorAll("[data-sort]")) {
      const way = each === heading ? (state.down ? "descending" : "ascending") : "none";
      each.closest("th").setAttribute("aria-sort", way);
    }
    apply();
  }

  // Up and down go from row to row, so that a keyboard reads as fast as a mouse.
  function walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...body.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (!step || !next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }

  function offer(select, values) {
    values.forEach((value) => select.append(new Option(value, value)));
  }

  function offerSlices(select) {
    const names = new Map();
    for (const cut of data.slices)
      for (const [name, value] of Object.entries(cut)) names.set(name, (names.get(name) ?? new Set()).add(value));
    for (const [name, values] of names) {
      const group = document.createElement("optgroup");
      group.label = name;
      [...values].sort().forEach((value) => group.append(new Option(value, JSON.stringify([name, value]))));
      select.append(group);
    }
  }

  const suitesWithOutcomes = new Set(outcomes.map((outcome) => outcome.suite));
  offer(form.elements.suite, data.suites.filter((suite) => suitesWithOutcomes.has(suite)));
  offer(form.elements.dataset, [...new Set(data.items.map((item) => item.dataset))]);
  offer(form.elements.label, data.labels);
  offerSlices(form.elements.slice);
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", clear);
  body.addEventListener("keydown", walk);
  document.getElementById("earlier").addEventListener("click", () => turn(-1));
  document.getElementById("later").addEventListener("click", () => turn(1));
  for (const heading of document.querySelectorAll("[data-sort]")) heading.addEventListener("click", () => sortBy(heading));
  apply();
})();
