// Renews the panel once a second from a JSON view. Text only ever enters the page as text.
"use strict";

(() => {
  const panel = document.getElementById("panel");
  const rows = document.getElementById("rows");
  const filter = document.getElementById("filter");
  const pause = document.getElementById("pause");
  const empty = document.getElementById("empty");
  const shown = document.getElementById("shown");
  const state = document.getElementById("state");

  const EVERY = 1000;
  const PATIENCE = 4000;
  const WORDS = {
    live: "Live",
    paused: "Paused",
    lost: "Connection lost, trying again. These numbers are the last that came.",
  };
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const known = new Map(); // name -> its row
  let paused = false;
  let timer = 0;
  let asking = null;

  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };

  // Screen readers hear this element, so it changes only when the state does.
  const say = (name) => {
    state.parentNode.dataset.state = name;
    write(state, WORDS[name]);
  };

  const orNone = (value, text) => (value === null ? "–" : text(value));

  function tiles(summary) {
    const values = {
      requests: whole.format(summary.requests),
      p95: orNone(summary.p95, (ms) => `${whole.format(ms)} ms`),
      hits: orNone(summary.hits, (percent) => `${whole.format(percent)} %`),
      errors: whole.format(summary.errors),
    };
    for (const [name, text] of Object.entries(values)) {
      write(panel.querySelector(`[data-tile=${name}]`), text);
    }
    document.getElementById("history").setAttribute("points", summary.points);
  }

  // A name may go on in a new line after each dot.
  function breakable(name, into) {
    name.split(".").forEach((part, place) => {
      if (place) into.append(".", document.createElement("wbr"));
      into.append(part);
    });
  }

  function newRow(name) {
    const row = document.createElement("tr");
    row.dataset.name = name;
    const head = document.createElement("th");
    head.scope = "row";
    head.append(document.createElement("code"));
    breakable(name, head.firstChild);
    row.append(head);
    for (const kind of ["", "n", "n", "n"]) {
      row.append(document.createElement("td"));
      if (kind) row.lastChild.className = kind;
    }
    known.set(name, row);
    return row;
  }

  // The list comes sorted by name: a new row goes before the one that is now at its place.
  function table(stats) {
    const current = new Set(stats.map((stat) => stat.name));
    for (const [name, row] of known) {
      if (!current.has(name) && known.delete(name)) row.remove();
    }
    stats.forEach((stat, place) => {
      const row = known.get(stat.name) || newRow(stat.name);
      if (rows.children[place] !== row) rows.insertBefore(row, rows.children[place] || null);
      const texts = [stat.type, stat.shown, whole.format(stat.count), stat.rate.toFixed(2)];
      texts.forEach((text, column) => write(row.cells[column + 1], text));
    });
  }

  const reports = document.getElementById("browsers");

  function report(news) {
    const cell = (text, name) => {
      const made = document.createElement("td");
      made.className = name || "";
      made.append(text);
      return made;
    };
    const made = news.map((one) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.append(one.name);
      const rating = document.createElement("span");
      rating.className = "rating";
      rating.dataset.rating = rating.textContent = one.rating;
      row.append(head, cell(one.label), cell(one.shown, "n"), cell(rating), cell(String(one.count), "n"));
      return row;
    });
    reports.tBodies[0].replaceChildren(...made);
    reports.hidden = !news.length;
    document.getElementById("no-browsers").hidden = news.length > 0;
  }

  const latest = document.getElementById("latest");

  // Eight rows, always as high: they are replaced only when there is a newer request.
  function requests(news) {
    if (!news.length || latest.tBodies[0].rows[0]?.dataset.id === news[0].id) return;
    const made = news.map((one) => {
      const row = document.createElement("tr");
      row.dataset.id = one.id;
      const texts = [one.time, one.request, one.status, one.took, one.queries, one.place, one.agent];
      texts.forEach((text, column) => {
        const cell = document.createElement(column === 1 ? "th" : "td");
        if (column === 1) cell.scope = "row";
        if (column === 1) cell.title = text;
        if (column > 1 && column < 5) cell.className = "n";
        cell.append(text);
        row.append(cell);
      });
      return row;
    });
    latest.tBodies[0].replaceChildren(...made);
    latest.hidden = false;
    document.getElementById("no-latest").hidden = true;
  }

  function sift() {
    const words = filter.value.trim().toLowerCase();
    let matching = 0;
    for (const [name, row] of known) {
      row.hidden = !name.toLowerCase().includes(words);
      if (!row.hidden) matching += 1;
    }
    write(shown, known.size ? `${matching} of ${known.size} stats` : "");
    empty.hidden = matching > 0;
    write(empty, known.size
      ? `No stat has “${filter.value.trim()}” in its name.`
      : "No stats yet. Open a page of the shop, and its numbers appear here.");
  }

  async function ask() {
    asking = new AbortController();
    const late = setTimeout(() => asking.abort(), PATIENCE);
    try {
      const response = await fetch(panel.dataset.url, { signal: asking.signal, cache: "no-store" });
      if (!response.ok) throw new Error(response.status);
      const news = await response.json();
      if (paused) return;
      tiles(news.summary);
      table(news.stats);
      report(news.browsers);
      requests(news.latest);
      sift();
      document.getElementById("left-out").hidden = !news.left_out;
      say("live");
    } catch {
      if (!paused) say("lost");
    } finally {
      clearTimeout(late);
      asking = null;
    }
  }

  async function turn() {
    clearTimeout(timer);
    if (paused || document.hidden || asking) return;
    await ask();
    if (!paused && !document.hidden) timer = setTimeout(turn, EVERY);
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    write(pause, paused ? "Resume" : "Pause");
    if (paused) {
      say("paused");
      asking?.abort();
    } else {
      turn();
    }
  });
  filter.addEventListener("input", sift);
  document.addEventListener("visibilitychange", turn);

  for (const row of rows.children) known.set(row.dataset.name, row);
  panel.querySelector(".controls").hidden = false;
  sift();
  turn();
})();
