"use strict";
// Keeps an open page true and makes keys quicker. Everything works without it; nothing is kept.
(() => {
  const topic = document.body.dataset.live || "";
  const offline = document.getElementById("offline");
  const wake = (root) => root.querySelectorAll(".needs-script").forEach((one) => { one.hidden = false; });
  let known = null;

  // Takes over the parts that changed, except one in which somebody is typing or choosing.
  async function look() {
    try {
      const answer = await fetch(location.href, {headers: {"X-By": "look"}, redirect: "manual"});
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-part]")) {
        const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
        if (!fresh || fresh.innerHTML === part.innerHTML) continue;
        if (part.querySelector("details[open] form")) continue;
        const held = part.contains(document.activeElement) ? document.activeElement : null;
        const place = held && [...part.querySelectorAll("[data-row]")].indexOf(held);
        part.replaceChildren(...fresh.childNodes);
        // What was said about the state before is not true of this one.
        if (part.dataset.part === "state") document.getElementById("notice")?.remove();
        wake(part);
        if (held && place >= 0) {
          const rows = part.querySelectorAll("[data-row]");
          if (rows.length) rows[Math.min(place, rows.length - 1)].focus();
        }
      }
      if (!document.hasFocus()) document.title = "• " + page.title;
    } catch { /* The next change brings it. */ }
  }

  function listen() {
    const source = new EventSource("/events?of=" + encodeURIComponent(topic));
    source.onmessage = (event) => {
      const news = JSON.parse(event.data);
      offline.hidden = news.reached !== false;
      if (news.locked) { location.reload(); return; }
      const mark = news.topics ? news.topics[topic] || "" : known;
      if (known !== null && mark !== known) look();
      known = mark;
    };
    source.onerror = () => {
      offline.hidden = false;
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
    addEventListener("pagehide", () => source.close());
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const row = event.target.closest("[data-row]");
    // Letters count only while a row has the focus, so they never surprise somebody who types.
    const step = {ArrowDown: 1, j: 1, ArrowUp: -1, k: -1}[event.key];
    if (!step || (!row && event.target !== document.body && event.target.id !== "main")) return;
    if (!row && event.key.length === 1) return;
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    event.preventDefault();
    const next = row ? rows.indexOf(row) + step : step > 0 ? 0 : rows.length - 1;
    rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
  });

  document.addEventListener("focusin", () => { document.title = document.title.replace(/^• /, ""); });
  document.addEventListener("submit", (event) => {
    // A second click sends nothing twice; a download leaves the page as it is.
    const form = event.target;
    if (form.method !== "post" || form.action.endsWith("/export") || form.action.endsWith("/use")) return;
    setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = true; }));
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const print = document.getElementById("print");
  if (print) print.addEventListener("click", () => window.print());
  wake(document);
  if (topic) listen();
})();
