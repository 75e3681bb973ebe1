// The crosshair of charts: pointer, touch and arrow keys show time and values in the legend.
// Without it a chart shows the same lines, its latest values, and all numbers as a table.

(() => {
    const SVG = "http://www.w3.org/2000/svg";
    const CHART = "figure[data-chart]";
    const GROUP = "\u202f"; // between thousands, as the server has it
    const PAGE = 10; // steps of Page Up and Page Down

    // Reading what the server wrote

    const numbers = (text) => (text ? text.split(" ").map(Number) : []);

    function read(figure) {
        const { start, span, low, high, divisor, shift, offsets } = figure.dataset;
        const chart = {
            figure,
            picture: figure.querySelector(".chart-picture"),
            start: Number(start),
            span: Number(span),
            low: Number(low),
            high: Number(high),
            divisor: Number(divisor),
            shift: Number(shift),
            suffix: figure.dataset.suffix,
            length: "seconds" in figure.dataset ? 19 : 16,
            stacked: "stacked" in figure.dataset,
            offsets: offsets.split(" ").map((pair) => pair.split(":").map(Number)),
            moment: figure.querySelector("[data-moment]"),
            places: [...figure.querySelectorAll("[data-value]")],
            marks: [...figure.querySelectorAll(".mark")].map((mark) => ({
                time: Number(mark.dataset.t),
                text: mark.dataset.text,
            })),
        };
        chart.latest = chart.places.map((place) => place.textContent);
        chart.lines = readLines(chart);
        chart.times = [...new Set(chart.lines.flatMap((line) => line.times))].sort((a, b) => a - b);
        return chart;
    }

    // Lines with the same times as the one before have none of their own.
    function readLines(chart) {
        let times = [];
        return [...chart.picture.querySelectorAll(".series > g")].map((group) => {
            times = group.dataset.t === undefined && group.dataset.v ? times : numbers(group.dataset.t);
            return { times, values: numbers(group.dataset.v), colour: group.classList[0] };
        });
    }

    // The index of what is nearest in a sorted list.
    function nearest(list, wanted) {
        let low = 0;
        let high = list.length - 1;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (list[middle] < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low > 0 && wanted - list[low - 1] <= list[low] - wanted ? low - 1 : low;
    }

    function valueAt(line, time, near) {
        const index = nearest(line.times, time);
        return index >= 0 && Math.abs(line.times[index] - time) <= near ? line.values[index] : null;
    }

    // Writing as the server does

    function grouped(value) {
        return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, GROUP);
    }

    function written(value, chart) {
        if (value === null || value === undefined) {
            return "–";
        }
        const scaled = value / chart.divisor;
        const size = Math.abs(scaled);
        const text = size >= 1000 && size < 1e15 ? grouped(scaled) : String(Number(scaled.toPrecision(4)));
        return text + chart.suffix;
    }

    function clock(time, chart) {
        const ahead = chart.offsets.findLast(([since]) => time >= since) ?? chart.offsets[0];
        const date = new Date((chart.start + time + ahead[1]) * 1000);
        return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, chart.length).replace("T", " ");
    }

    // Showing

    function element(name, attributes) {
        const made = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(attributes)) {
            made.setAttribute(key, value);
        }
        return made;
    }

    const percent = (share) => `${(share * 100).toFixed(3)}%`;

    function cross(chart, time, values) {
        const x = percent((time + chart.shift) / chart.span);
        const group = element("g", { class: "cross", "aria-hidden": "true" });
        group.append(element("line", { x1: x, x2: x, y1: "0", y2: "100%" }));
        if (!chart.stacked && chart.shift === 0) {
            values.forEach((value, at) => {
                if (value !== null) {
                    const y = percent((chart.high - value) / (chart.high - chart.low));
                    group.append(element("circle", { class: chart.lines[at].colour, cx: x, cy: y, r: "4" }));
                }
            });
        }
        return group;
    }

    function show(chart, index) {
        const time = chart.times[index];
        const values = chart.lines.map((line) => valueAt(line, time, chart.span / 200));
        const mark = chart.marks.find((each) => Math.abs(each.time - time) <= chart.span / 100);
        chart.index = index;
        chart.picture.querySelector(".cross")?.remove();
        chart.picture.append(cross(chart, time, values));
        chart.moment.textContent = clock(time, chart) + (mark ? ` · ${mark.text}` : "");
        chart.places.forEach((place, at) => {
            place.textContent = written(values[at], chart);
        });
        speak(chart);
    }

    function speak(chart) {
        const said = [...chart.places].map(
            (place) => `${place.parentElement.querySelector(".chart-label").textContent} ${place.textContent}`,
        );
        chart.cursor.setAttribute("aria-valuenow", chart.index);
        chart.cursor.setAttribute("aria-valuetext", `${chart.moment.textContent}: ${said.join(", ")}`);
    }

    function hide(chart) {
        chart.picture.querySelector(".cross")?.remove();
        chart.moment.textContent = chart.moment.dataset.latest;
        chart.places.forEach((place, at) => {
            place.textContent = chart.latest[at];
        });
    }

    // Hearing

    function moved(chart, event) {
        const { left, width } = chart.cursor.getBoundingClientRect();
        const time = ((event.clientX - left) / width) * chart.span - chart.shift;
        show(chart, nearest(chart.times, time));
    }

    const KEYS = {
        ArrowRight: (at) => at + 1,
        ArrowUp: (at) => at + 1,
        ArrowLeft: (at) => at - 1,
        ArrowDown: (at) => at - 1,
        PageUp: (at) => at + PAGE,
        PageDown: (at) => at - PAGE,
        Home: () => 0,
        End: (_, last) => last,
    };

    function pressed(chart, event) {
        const last = chart.times.length - 1;
        if (event.key === "Escape") {
            hide(chart);
        }
        if (event.key in KEYS && !event.altKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            const wanted = KEYS[event.key](chart.index ?? last, last);
            show(chart, Math.min(Math.max(wanted, 0), last));
        }
    }

    function enhance(figure) {
        if (figure.dataset.chart === "ready") {
            return;
        }
        figure.dataset.chart = "ready";
        const cursor = document.createElement("div");
        const title = figure.querySelector(".chart-title").textContent;
        cursor.className = "chart-cursor";
        cursor.tabIndex = 0;
        cursor.setAttribute("role", "slider");
        cursor.setAttribute("aria-label", title);
        cursor.setAttribute("aria-valuemin", "0");
        cursor.setAttribute("aria-valuenow", "0");
        let chart;
        // Not before it is needed: a page has many charts, and few are asked.
        const known = () => {
            if (!chart) {
                chart = { ...read(figure), cursor };
                cursor.setAttribute("aria-valuemax", chart.times.length - 1);
            }
            return chart;
        };
        cursor.addEventListener("pointermove", (event) => moved(known(), event));
        cursor.addEventListener("pointerdown", (event) => moved(known(), event));
        cursor.addEventListener("pointerleave", () => chart && hide(chart));
        cursor.addEventListener("keydown", (event) => pressed(known(), event));
        cursor.addEventListener("focus", () => {
            if (cursor.matches(":focus-visible")) {
                show(known(), chart.index ?? chart.times.length - 1);
            }
        });
        cursor.addEventListener("blur", () => chart && hide(chart));
        figure.querySelector(".chart-plot").append(cursor);
    }

    // Charts that come later are found as well

    function enhanceAll(root) {
        if (root.matches?.(CHART)) {
            enhance(root);
        }
        root.querySelectorAll?.(CHART).forEach(enhance);
    }

    function begin() {
        enhanceAll(document);
        new MutationObserver((changes) => {
            for (const change of changes) {
                change.addedNodes.forEach(enhanceAll);
            }
        }).observe(document.body, { childList: true, subtree: true });
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", begin);
    } else {
        begin();
    }
})();
