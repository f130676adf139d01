"use strict";

// The index: rows as they are in the data, worst first; what is shown of them is a selection, an
// order and a page.
const PAGE = 100;
const data = JSON.parse(document.getElementById("data").textContent);
const one = (selector) => document.querySelector(selector);
const every = (selector) => [...document.querySelectorAll(selector)];
const place = Object.fromEntries(data.columns.map((column, i) => [column.name, i]));
const kind = Object.fromEntries(data.columns.map((column) => [column.name, column.kind]));
const formats = {
  seconds: (value) => `${value.toFixed(value < 10 ? 2 : 1)}\u00a0s`,
  share: (value) => `${(100 * value).toFixed(1)}\u00a0%`,
  count: (value) => String(Math.round(value)),
};
const plain = (value) => value;
const format = (name) => formats[kind[name]] ?? plain;
const unit = (name) => (kind[name] === "share" ? 100 : 1);

const order = data.rows.map((_, i) => i);
let shown = order;
let sorted = null;
let page = 0;

const histograms = every("[data-column]").map((figure) => {
  const name = figure.dataset.column;
  const values = data.rows.map((row) => row[place[name]]);
  const onRange = (from, to) => {
    one(`[data-least="${name}"]`).value = Number((from * unit(name)).toFixed(4));
    one(`[data-most="${name}"]`).value = Number((to * unit(name)).toFixed(4));
    select();
  };
  return [name, new Histogram(figure.querySelector(".bars"), values, { format: format(name), onRange })];
});

for (const choice of every("[data-choice]")) {
  const values = new Set(data.rows.map((row) => row[place[choice.dataset.choice]]));
  for (const value of [...values].sort()) choice.append(new Option(value, value));
}

// Which rows are shown.
function select() {
  const tests = [];
  for (const choice of every("[data-choice]")) {
    const at = place[choice.dataset.choice], wanted = choice.value;
    if (wanted) tests.push((row) => row[at] === wanted);
  }
  for (const [name] of histograms) {
    const at = place[name];
    const least = one(`[data-least="${name}"]`).value, most = one(`[data-most="${name}"]`).value;
    const near = 1e-4 / unit(name);
    if (least) tests.push((row) => row[at] !== null && row[at] >= least / unit(name) - near);
    if (most) tests.push((row) => row[at] !== null && row[at] <= most / unit(name) + near);
  }
  const words = one("#find").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) {
    tests.push((row) => {
      const text = row.filter((value) => typeof value === "string").join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }
  shown = order.filter((i) => tests.every((test) => test(data.rows[i])));
  arrange();
  for (const [name, histogram] of histograms) histogram.draw(shown.map((i) => data.rows[i][place[name]]));
  total();
}

// In which order; calls without a value come last either way.
function arrange() {
  page = 0;
  if (sorted) {
    const at = place[sorted.name], sign = sorted.descending ? -1 : 1;
    shown.sort((a, b) => {
      const [x, y] = [data.rows[a][at], data.rows[b][at]];
      if (x === null || y === null) return (x === null) - (y === null) || a - b;
      return sign * (typeof x === "number" ? x - y : x.localeCompare(y)) || a - b;
    });
  } else shown.sort((a, b) => a - b);
  one("#worst").setAttribute("aria-pressed", !sorted);
  for (const button of every("[data-sort]")) {
    const head = button.closest("th");
    if (sorted?.name !== button.dataset.sort) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
  }
  list();
}

function list() {
  const from = page * PAGE, to = Math.min(shown.length, from + PAGE);
  one("#rows").replaceChildren(...shown.slice(from, to).map(row));
  one("#shown").textContent = shown.length
    ? `${(from + 1).toLocaleString("en")} to ${to.toLocaleString("en")} of ${shown.length.toLocaleString("en")} calls`
    : "No call is like that";
  one('[data-page="-1"]').disabled = page === 0;
  one('[data-page="1"]').disabled = to >= shown.length;
}

function row(index) {
  const line = document.createElement("tr");
  data.columns.forEach((column, i) => {
    if (!column.shown) return;
    const value = data.rows[index][i];
    const cell = line.insertCell();
    cell.className = column.kind;
    cell.dataset.label = column.title;
    if (column.kind === "call") cell.append(name(value, data.folders[index]), findings(index));
    else if (column.name === "goal") cell.append(made("span", `badge ${value === "reached" ? "good" : "bad"}`, value));
    else cell.textContent = value === null ? "–" : format(column.name)(value);
  });
  return line;
}

function name(call, folder) {
  if (folder === null) return made("span", "", call);
  const link = made("a", "", call);
  link.href = `${encodeURIComponent(folder)}/report.html`;
  return link;
}

function findings(index) {
  const found = made("p", "small soft", data.rows[index][place.findings]);
  found.title = found.textContent;
  return found;
}

function made(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function total() {
  const rows = shown.map((i) => data.rows[i]);
  const part = (name, value) => {
    const count = rows.filter((each) => each[place[name]] === value).length;
    return rows.length ? `${count.toLocaleString("en")} (${((100 * count) / rows.length).toFixed(1)} %)` : "0";
  };
  const hours = rows.reduce((sum, each) => sum + each[place.duration], 0) / 3600;
  const totals = {
    calls: rows.length.toLocaleString("en"),
    "goals reached": part("goal", "reached"),
    valid: part("valid", "yes"),
    "faults of support": part("fault", "support"),
    "hours of sound": hours.toFixed(hours < 10 ? 2 : 0),
  };
  one("#totals").replaceChildren(...Object.entries(totals).map(([term, told]) => {
    const pair = made("div", "", "");
    pair.append(made("dt", "", term), made("dd", "", told));
    return pair;
  }));
}

let waiting = 0;
const soon = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(select); };
for (const field of every("input, select")) field.addEventListener("input", soon);
one("#filters").addEventListener("submit", (event) => event.preventDefault());
one("#filters").addEventListener("reset", () => {
  for (const field of every(".range input")) field.value = "";
  soon();
});
for (const button of every("[data-sort]")) {
  button.addEventListener("click", () => {
    const name = button.dataset.sort, first = kind[name] in formats;
    sorted = { name, descending: sorted?.name === name ? !sorted.descending : first };
    arrange();
  });
}
one("#worst").addEventListener("click", () => { sorted = null; arrange(); });
for (const button of every("[data-page]")) {
  button.addEventListener("click", () => { page += Number(button.dataset.page); list(); });
}
select();
