/* Loads each chart as it comes into view, lets people order the charts, and finds stats while one types.
   Everything works without this script too, but for the order. */
(() => {
    "use strict";

    const REFRESH = 60000;
    const page = document.querySelector("[data-monitors]");

    /* Charts */

    async function fetchHtml(url, signal) {
        const response = await fetch(url, {credentials: "same-origin", signal, headers: {"X-Requested-With": "fetch"}});
        if (response.redirected || response.status === 401 || response.status === 403) {
            throw new Error("login");
        }
        if (!(response.headers.get("Content-Type") || "").startsWith("text/html")) {
            throw new Error("lost");
        }
        const text = await response.text();
        // A database that is down answers with a fragment that says so.
        if (!response.ok && !text.includes("monitor-drawn")) {
            throw new Error("lost");
        }
        return text;
    }

    function show(card, html) {
        const place = card.querySelector("[data-place]");
        place.innerHTML = html;
        mark(card);
        if (window.htmx) {
            window.htmx.process(place);
        }
    }

    function mark(card) {
        const drawn = card.querySelector("[data-state]");
        for (const state of ["fail", "warn"]) {
            card.classList.toggle(state, drawn !== null && drawn.dataset.state === state);
        }
    }

    function say(card, why) {
        const text = why === "login" ? page.dataset.saidLogin : page.dataset.saidLost;
        const place = card.querySelector("[data-place]");
        const line = document.createElement("p");
        line.className = "error";
        line.textContent = text + " ";
        if (why !== "login") {
            const again = document.createElement("button");
            again.type = "button";
            again.textContent = page.dataset.saidAgain;
            again.addEventListener("click", () => load(card));
            line.append(again);
        }
        place.replaceChildren(line);
    }

    async function load(card) {
        const place = card.querySelector("[data-place]");
        card.dataset.loaded = "yes";
        place.setAttribute("aria-busy", "true");
        try {
            show(card, await fetchHtml(card.dataset.src));
        } catch (error) {
            if (card.querySelector(".monitor-drawn") === null || error.message === "login") {
                say(card, error.message);
            }
        } finally {
            place.removeAttribute("aria-busy");
        }
    }

    function isBusy(card) {
        return card.contains(document.activeElement) || card.querySelector("details[open]") !== null
            || card.matches(":hover") || card.querySelector("[aria-busy]") !== null;
    }

    function startLoading() {
        const seen = new Set();
        const watcher = new IntersectionObserver((entries) => {
            for (const entry of entries) {
                const card = entry.target;
                if (!entry.isIntersecting) {
                    seen.delete(card);
                    continue;
                }
                seen.add(card);
                if (!card.dataset.loaded) {
                    load(card);
                }
            }
        }, {rootMargin: "200px"});
        for (const card of page.querySelectorAll("[data-src]")) {
            if (card.querySelector(".monitor-drawn") !== null) {
                card.dataset.loaded = "yes";
            }
            mark(card);
            watcher.observe(card);
        }
        setInterval(() => {
            if (document.visibilityState === "visible") {
                [...seen].filter((card) => !isBusy(card)).forEach(load);
            }
        }, REFRESH);
    }

    /* Order */

    function announce(text) {
        const place = document.querySelector("[data-said]");
        place.textContent = "";
        requestAnimationFrame(() => { place.textContent = text; });
    }

    function announceMove(card) {
        const all = [...card.parentElement.children];
        const parts = [card.dataset.title, all.indexOf(card) + 1, all.length];
        announce(page.dataset.saidMoved.replace(/%s/g, () => String(parts.shift())));
    }

    let saving = Promise.resolve();

    function save() {
        const order = [...page.querySelectorAll("[data-monitor]")].map((card) => card.dataset.monitor);
        saving = saving.then(async () => {
            const response = await fetch(page.dataset.order, {
                method: "POST",
                credentials: "same-origin",
                headers: {"Content-Type": "application/json", "X-CSRFToken": page.dataset.token},
                body: JSON.stringify({order}),
            });
            if (!response.ok || response.redirected) {
                throw new Error("lost");
            }
            page.dataset.saved = order.join(" ");
        }).catch(() => announce(page.dataset.saidFailed));
    }

    function moveByKey(event) {
        const handle = event.target.closest("[data-handle]");
        const back = event.key === "ArrowLeft" || event.key === "ArrowUp";
        const on = event.key === "ArrowRight" || event.key === "ArrowDown";
        const ends = event.key === "Home" || event.key === "End";
        if (!handle || event.ctrlKey || event.metaKey || event.altKey || !(back || on || ends)) {
            return;
        }
        event.preventDefault();
        const card = handle.closest("[data-monitor]");
        const grid = card.parentElement;
        const next = card.nextElementSibling;
        if (event.key === "Home") {
            grid.prepend(card);
        } else if (event.key === "End") {
            grid.append(card);
        } else if (back && card.previousElementSibling) {
            grid.insertBefore(card, card.previousElementSibling);
        } else if (on && next) {
            grid.insertBefore(card, next.nextElementSibling);
        }
        handle.focus();
        card.scrollIntoView({block: "nearest"});
        announceMove(card);
        save();
    }

    function drag(event) {
        const handle = event.target.closest("[data-handle]");
        if (!handle || event.button !== 0) {
            return;
        }
        const card = handle.closest("[data-monitor]");
        const grid = card.parentElement;
        let moved = false;
        // A capture would end when the card is moved in the document, so the document listens.
        if (handle.hasPointerCapture(event.pointerId)) {
            handle.releasePointerCapture(event.pointerId);
        }
        card.classList.add("dragged");

        function over(move) {
            const below = document.elementFromPoint(move.clientX, move.clientY);
            const other = below && below.closest("[data-monitor]");
            if (!other || other === card || other.parentElement !== grid) {
                return;
            }
            const all = [...grid.children];
            const later = all.indexOf(other) > all.indexOf(card);
            grid.insertBefore(card, later ? other.nextElementSibling : other);
            moved = true;
        }

        function end() {
            document.removeEventListener("pointermove", over);
            document.removeEventListener("pointerup", end);
            document.removeEventListener("pointercancel", end);
            card.classList.remove("dragged");
            if (moved) {
                announceMove(card);
                save();
            }
        }

        document.addEventListener("pointermove", over);
        document.addEventListener("pointerup", end);
        document.addEventListener("pointercancel", end);
    }

    function startSorting() {
        for (const handle of page.querySelectorAll("[data-handle]")) {
            handle.hidden = false;
        }
        page.addEventListener("keydown", moveByKey);
        page.addEventListener("pointerdown", drag);
    }

    /* The form */

    function startForm(form) {
        const range = form.elements.namedItem("range");
        const own = form.querySelectorAll("[data-own]");
        const showOwn = () => own.forEach((label) => { label.hidden = range.value !== "own"; });
        range.addEventListener("change", showOwn);
        showOwn();
        form.addEventListener("submit", () => {
            // A link is easier to read without what was left as it was.
            for (const field of form.querySelectorAll("select, input[type=datetime-local], input[type=search]")) {
                field.disabled = field.value === "" || field.closest("[hidden]") !== null;
            }
        });
        window.addEventListener("pageshow", () => {
            for (const field of form.querySelectorAll(":disabled")) {
                field.disabled = false;
            }
        });
    }

    function startSearch(field) {
        const form = field.form;
        const found = form.querySelector("[data-found]");
        const legend = found.querySelector("legend");
        let waiting = 0;
        let asking = null;
        field.addEventListener("input", () => {
            clearTimeout(waiting);
            waiting = setTimeout(async () => {
                if (asking) {
                    asking.abort();
                }
                asking = new AbortController();
                const asked = new URLSearchParams({names: "1", q: field.value});
                for (const box of found.querySelectorAll("input:checked")) {
                    asked.append("name", box.value);
                }
                try {
                    const html = await fetchHtml(`${field.dataset.search}?${asked}`, asking.signal);
                    found.innerHTML = html;
                    found.prepend(legend);
                } catch (error) {
                    if (error.name !== "AbortError") {
                        field.form.submit();
                    }
                }
            }, 200);
        });
    }

    document.querySelectorAll("form.controls").forEach(startForm);
    document.querySelectorAll("[data-search]").forEach(startSearch);
    document.querySelectorAll(".monitor").forEach(mark);
    if (page) {
        startLoading();
        startSorting();
    }
})();
