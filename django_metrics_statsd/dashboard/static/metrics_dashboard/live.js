// Keeps the tiles up to date: an event stream where the server has one, questions where it has none.
// The server only says which tiles changed; each is then fetched as HTML from an ordinary page.
(() => {
  "use strict";

  const grid = document.querySelector("[data-live]");
  if (!grid) return;

  const texts = JSON.parse(grid.dataset.texts);
  const status = document.querySelector("[data-live-status]");
  const SILENCE = 40_000; // more than two signs of life of the server
  const TOGETHER = 30; // changes that come this close are fetched together
  const AT_ONCE = 4; // fetches side by side
  const PATIENCE = 30_000; // milliseconds that an answer may take
  const LONGEST = 30_000; // milliseconds between two tries of a tile that cannot be had

  let seq = Number(grid.dataset.seq) || 0;
  let source = null;
  let pollTimer = 0;
  let silenceTimer = 0;
  let statusTimer = 0;
  let streamAgainAt = 0;
  let failures = 0;
  let over = false;
  let generation = 0; // what was begun before the page was hidden must not go on after it

  // ----- what the page says of itself -----

  let saying = "";

  function say(state, text, delay = 0) {
    if (state === saying && delay) return; // it is being said: errors that follow must not put it off
    saying = state;
    clearTimeout(statusTimer);
    statusTimer = setTimeout(() => {
      status.hidden = false;
      status.className = `dot ${state}`;
      if (status.textContent !== text) status.textContent = text;
      document.body.dataset.liveState = state;
    }, delay);
  }

  function denied() {
    if (over) return;
    over = true;
    stop();
    const box = document.querySelector("[data-denied]");
    box.textContent = texts.denied;
    box.hidden = false;
    grid.querySelectorAll(".tile-body").forEach((body) => body.replaceChildren());
    say("fail", texts.paused);
  }

  // ----- event stream -----

  function open() {
    if (over || document.hidden) return;
    stop();
    if (!window.EventSource) {
      poll();
      return;
    }
    const url = new URL(grid.dataset.events, location.href);
    url.searchParams.set("since", seq);
    const mine = new EventSource(url);
    source = mine;
    const heard = (event) => {
      if (source !== mine) return;
      alive();
      say("ok", texts.live);
      if (event.type === "changes") take(JSON.parse(event.data));
    };
    mine.addEventListener("ping", heard);
    mine.addEventListener("changes", heard);
    mine.addEventListener("renew", () => source === mine && open());
    // Whoever logged in anew meanwhile has another session: the answer to a question tells.
    for (const end of ["denied", "full"]) mine.addEventListener(end, () => source === mine && ask());
    mine.addEventListener("error", () => source === mine && broken(mine));
    alive();
  }

  function broken(mine) {
    // A moment without a stream is nothing to speak of.
    say("warn", texts.reconnecting, 1_500);
    if (mine.readyState === EventSource.CLOSED) {
      // 204, an error page, or no permission: whatever it is, the answer to a question will tell.
      ask();
    }
  }

  function ask() {
    streamAgainAt = Date.now() + 30_000;
    stop();
    poll();
  }

  function alive() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => {
      say("warn", texts.reconnecting);
      open();
    }, SILENCE);
  }

  function stop() {
    generation += 1;
    clearTimeout(silenceTimer);
    clearTimeout(pollTimer);
    if (source) source.close();
    source = null;
  }

  // ----- questions -----

  async function poll() {
    if (over || document.hidden) return;
    const mine = generation;
    let wait = Math.min(10, 1 + failures);
    try {
      const url = new URL(grid.dataset.changes, location.href);
      url.searchParams.set("since", seq);
      const answer = await askFor(url, "application/json");
      if (mine !== generation) return;
      if (refused(answer)) return denied();
      if (!answer.ok) throw new Error(answer.statusText);
      const news = await answer.json();
      if (mine !== generation) return;
      failures = 0;
      wait = news.wait;
      take(news);
      if (news.stream && Date.now() >= streamAgainAt) return open();
      say("ok", texts.polling.replace("{seconds}", wait));
    } catch {
      if (mine !== generation) return;
      failures += 1;
      say("warn", texts.reconnecting, 1_500);
      streamAgainAt = 0; // a server that comes back may be another one
    }
    pollTimer = setTimeout(poll, wait * 1_000 * (0.9 + Math.random() * 0.2));
  }

  function askFor(url, type) {
    return fetch(url, { headers: { Accept: type }, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
  }

  function refused(answer) {
    return answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect";
  }

  // ----- tiles -----

  const waiting = new Set();
  const running = new Set();
  const retries = new Map(); // of tiles that could not be had: { timer, delay }
  let together = 0;

  function take(news) {
    if (typeof news.seq === "number") seq = news.seq;
    // A tile that cannot be had is tried again in its own time, however often it changes.
    news.keys.forEach((key) => retries.get(key)?.timer || waiting.add(key));
    if (waiting.size && !together) together = setTimeout(next, TOGETHER);
  }

  function next() {
    together = 0;
    for (const key of [...waiting]) {
      if (running.size >= AT_ONCE || over) return;
      if (running.has(key)) continue; // once more when that is done
      waiting.delete(key);
      running.add(key);
      refresh(key).finally(() => {
        running.delete(key);
        if (waiting.size && !together) together = setTimeout(next, TOGETHER);
      });
    }
  }

  function tileOf(key) {
    return grid.querySelector(`[data-tile="${CSS.escape(key)}"]`);
  }

  async function refresh(key) {
    const tile = tileOf(key);
    if (!tile) return;
    try {
      const answer = await askFor(tile.dataset.url, "text/html");
      if (refused(answer)) return denied();
      if (!answer.ok && answer.status !== 404) throw new Error(answer.statusText);
      const html = answer.status === 404 ? "" : await answer.text();
      retries.delete(key);
      tile.classList.toggle("gone", !html);
      if (html) swap(tile, html);
      else tile.querySelector(".tile-body").replaceChildren(); // it is not for this reader any more
    } catch {
      later(key); // the server may be just starting; the tile keeps what it shows
    }
  }

  function later(key) {
    const delay = Math.min(LONGEST, 2 * (retries.get(key)?.delay ?? 500));
    const timer = setTimeout(() => {
      retries.set(key, { timer: 0, delay });
      if (over) return;
      waiting.add(key);
      if (!together) together = setTimeout(next, TOGETHER);
    }, delay);
    retries.set(key, { timer, delay });
  }

  function swap(tile, html) {
    const old = tile.querySelector(".tile-body");
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const fresh = holder.content.querySelector(".tile-body");
    if (!fresh || over) return;
    keepOpen(old, fresh);
    const place = focusables(old).indexOf(document.activeElement);
    for (const state of ["ok", "warn", "fail", "timeout", "skipped"]) {
      tile.classList.toggle(state, fresh.dataset.state === state);
    }
    const differs = old.innerHTML !== fresh.innerHTML;
    if (!differs) return;
    old.replaceWith(fresh);
    if (place >= 0) focusables(fresh)[place]?.focus({ preventScroll: true });
    highlight(tile);
    window.htmx?.process(fresh);
    tile.dispatchEvent(new CustomEvent("dash:swapped", { bubbles: true, detail: { key: tile.dataset.tile } }));
  }

  function keepOpen(old, fresh) {
    const before = old.querySelectorAll("details");
    fresh.querySelectorAll("details").forEach((details, index) => {
      if (before[index]) details.open = before[index].open;
    });
  }

  function focusables(element) {
    return [...element.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  }

  function highlight(tile) {
    tile.classList.remove("changed");
    requestAnimationFrame(() => tile.classList.add("changed"));
  }

  // ----- pages that nobody sees hold nothing open -----

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else open();
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  window.addEventListener("online", () => open());
  open();
})();
