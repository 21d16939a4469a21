// What the page does beyond what it does without this file: parts are replaced as they change, links and forms work
// without loading the whole page, times go on, and the hydrograph is read out under the pointer.
"use strict";

(() => {
  const root = document.documentElement;
  const body = document.body;
  const replayed = body.dataset.replayed === "1";
  const zoneMs = Number(body.dataset.zone) * 60_000;
  const chinese = root.lang.startsWith("zh");
  const UNITS = [[86_400, "天", "d"], [3_600, "小时", "h"], [60, "分钟", "min"], [1, "秒", "s"]];
  let skew = Number(body.dataset.now) - Date.now(); // of the server's clock against ours
  let now = Number(body.dataset.now);

  // --- times -------------------------------------------------------------------------------------------------------

  const local = (ms) => new Date(ms + zoneMs).toISOString();

  // As the server writes it.
  function ago(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const [size, zh, en] = UNITS.find(([length]) => seconds >= length) ?? UNITS[3];
    const count = Math.floor(seconds / size);
    return chinese ? `${count} ${zh}前` : `${count} ${en} ago`;
  }

  function tick() {
    if (!replayed) now = Date.now() + skew;
    const text = local(now).slice(0, 16).replace("T", " ");
    for (const clock of document.querySelectorAll("[data-clock]")) {
      clock.textContent = clock.dataset.clock === "short" ? text.slice(11) : text;
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const passed = ago(now - Number(time.dataset.ago));
      if (time.textContent !== passed) time.textContent = passed;
    }
  }

  // --- parts -------------------------------------------------------------------------------------------------------

  const controls = (element) => element.querySelectorAll("input:not([type=hidden]), textarea");

  // What a person has done to a part outlives its replacement: typed text, focus, what is unfolded, where it is scrolled.
  function keep(old) {
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    const typed = [...controls(old)].filter((one) => one.id && one.value !== one.defaultValue);
    const state = {
      focus: active && (active.id ? `#${CSS.escape(active.id)}` : active.matches("a[href]") ? `a[href="${CSS.escape(active.getAttribute("href"))}"]` : null),
      selection: active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null,
      typed: typed.map((one) => [one.id, one.value]),
      open: [...old.querySelectorAll("details[id]")].map((one) => [one.id, one.open]),
      scrolled: [...old.querySelectorAll("[data-scroll][id]")].map((one) => [one.id, one.scrollLeft]),
    };
    return (fresh) => {
      const find = (id) => fresh.querySelector(`#${CSS.escape(id)}`);
      for (const [id, value] of state.typed) if (find(id)) find(id).value = value;
      for (const [id, open] of state.open) if (find(id)) find(id).open = open;
      for (const [id, left] of state.scrolled) if (find(id)) find(id).scrollLeft = left;
      const focus = state.focus && fresh.querySelector(state.focus);
      if (!focus) return;
      focus.focus({ preventScroll: true });
      if (state.selection && focus.setSelectionRange && focus.type !== "search") focus.setSelectionRange(...state.selection);
    };
  }

  function replace(html, forget) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-part]");
    const old = fresh && document.getElementById(fresh.id);
    if (!old) return;
    const restore = forget ? () => {} : keep(old);
    old.replaceWith(fresh);
    restore(fresh);
    tick();
  }

  // Nothing is replaced between the pressing of a button and its release: the click would be lost.
  let pressed = null;
  let release = () => {};
  document.addEventListener("pointerdown", () => { pressed ??= new Promise((done) => { release = done; }); });
  for (const name of ["pointerup", "pointercancel", "dragend"]) {
    document.addEventListener(name, () => { setTimeout(() => { pressed = null; release(); }, 0); });
  }

  const turns = {}; // by part: an answer that comes after that of a later question is not shown
  const turnOf = (part) => (turns[part] = (turns[part] ?? 0) + 1);
  let sending = false; // a step of a case: its answer brings the alerts as they are then

  async function refresh(part, forget) {
    const turn = turnOf(part);
    const answer = await fetch(`/page/fragment/${part}${query()}`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${part}: ${answer.status}`);
    const html = await answer.text();
    await pressed;
    if (turns[part] === turn) replace(html, forget);
  }

  const parts = () => [...document.querySelectorAll("[data-part]")].map((one) => one.dataset.part);

  function query() {
    const asked = new URLSearchParams(location.search);
    if (!asked.has("lang")) asked.set("lang", chinese ? "zh" : "en");
    return `?${asked}`;
  }

  // --- events ------------------------------------------------------------------------------------------------------

  const lost = document.getElementById("lost");
  let source = null;
  let late = 0;

  function listen() {
    source?.close();
    const asked = new URLSearchParams();
    const wanted = new URLSearchParams(location.search);
    const station = body.querySelector("[data-shown-station]")?.dataset.shownStation;
    const basin = body.querySelector("[data-shown-basin]")?.dataset.shownBasin;
    if (station) asked.set("station", wanted.get("station") ?? station);
    if (basin !== undefined) asked.set("basin", basin);
    source = new EventSource(`/api/v1/events?${asked}`);
    source.addEventListener("parts", (event) => {
      const told = JSON.parse(event.data);
      skew = told.now - Date.now();
      now = told.now;
      lost.hidden = true;
      clearTimeout(late);
      tick();
      for (const [part, stamp] of Object.entries(told.parts)) {
        const shown = document.getElementById(`part-${part}`);
        if (shown && shown.dataset.stamp !== stamp && !(sending && part === "alerts")) refresh(part).catch(complain);
      }
    });
    source.addEventListener("error", () => {
      complain();
      if (source.readyState === EventSource.CLOSED) late = setTimeout(listen, 5_000); // sent away: ask again
    });
    source.addEventListener("open", () => { lost.hidden = true; });
  }

  function complain() {
    clearTimeout(late);
    late = setTimeout(() => { lost.hidden = false; if (source.readyState === EventSource.CLOSED) listen(); }, 1_500);
  }

  // --- links and forms ---------------------------------------------------------------------------------------------

  const ours = (url) => url.origin === location.origin && url.pathname === "/";

  async function go(url, push) {
    if (push) history.pushState(null, "", url);
    try {
      await refresh("station", false); // what was clicked for, mostly
      const others = parts().filter((part) => part !== "station");
      await Promise.all(others.map((part) => refresh(part, part === "alerts")));
    } catch {
      location.assign(url); // the server says in its own words what is wrong
      return;
    }
    listen();
    const target = url.hash && document.getElementById(url.hash.slice(1));
    if (target) target.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href instanceof SVGAnimatedString ? link.href.baseVal : link.href, location.href);
    if (!ours(url) || link.hreflang || link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    go(url, true);
  });
  window.addEventListener("popstate", () => go(new URL(location.href), false));

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-step]") || !event.submitter) return;
    event.preventDefault();
    const sent = new URLSearchParams(new FormData(form));
    sent.set(event.submitter.name, event.submitter.value);
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    sending = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, headers: { "x-part": "1" }, credentials: "same-origin" });
      const html = await answer.text();
      if (!(answer.headers.get("content-type") ?? "").startsWith("text/html")) throw new Error(html);
      turnOf("alerts"); // what was asked for before is older
      replace(html, true);
    } catch {
      for (const button of form.querySelectorAll("button")) button.disabled = false;
      lost.hidden = false;
    } finally {
      sending = false;
    }
  });

  // --- the value under the pointer ---------------------------------------------------------------------------------

  let read = null; // of the drawing under the pointer

  function unread() {
    read?.layer.remove();
    read = null;
  }

  function start(holder) {
    const svg = holder.querySelector("svg");
    const data = svg?.querySelector("metadata.wm-readout");
    if (!data) return;
    const layer = document.createElement("div");
    layer.innerHTML = '<div class="crosshair"></div><div class="crosshair-dot"></div><div class="readout" role="status"></div>';
    layer.hidden = true;
    holder.append(layer);
    read = { holder, svg, layer, points: JSON.parse(data.textContent) };
  }

  document.addEventListener("pointermove", (event) => {
    const holder = event.target.closest?.("[data-crosshair]");
    if (!holder || !read || read.holder !== holder || !read.svg.isConnected) {
      unread();
      if (holder) start(holder);
    }
    if (!read || !read.points.x.length) return;
    const { svg, layer, points } = read;
    const box = svg.getBoundingClientRect();
    const outer = holder.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const x = (event.clientX - box.left) / scale;
    const [left, top, right, bottom] = points.plot;
    layer.hidden = x < left - 8 || x > right + 8;
    if (layer.hidden) return;
    let nearest = 0;
    for (let i = 1; i < points.x.length; i += 1) {
      if (Math.abs(points.x[i] - x) < Math.abs(points.x[nearest] - x)) nearest = i;
    }
    const px = box.left - outer.left + holder.scrollLeft + points.x[nearest] * scale;
    const py = (y) => box.top - outer.top + y * scale;
    const [line, dot, text] = layer.children;
    line.style.left = `${px}px`;
    line.style.top = `${py(top)}px`;
    line.style.height = `${(bottom - top) * scale}px`;
    dot.style.left = `${px}px`;
    dot.style.top = `${py(points.y[nearest])}px`;
    const at = local(points.start + points.s[nearest] * 1000);
    text.textContent = `${at.slice(5, 16).replace("T", " ")}  ${points.v[nearest]} ${points.unit}`;
    const width = text.offsetWidth;
    text.style.left = `${Math.min(Math.max(px + 10, 0), holder.clientWidth - width - 4)}px`;
    text.style.top = `${py(top) + 4}px`;
  });
  document.addEventListener("pointerleave", unread);

  tick();
  setInterval(tick, 1_000);
  listen();
})();
