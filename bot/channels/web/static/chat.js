"use strict";
// Makes the page quicker. Everything works without it; nothing is kept beyond the page's memory.
(() => {
  const $ = (id) => document.getElementById(id);
  const log = $("log"), words = $("words"), composer = $("composer"), notice = $("notice");
  const newer = $("newer");
  let source = null, left = false;

  const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(12)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");
  const say = (code) => { notice.textContent = code ? $("says").getAttribute("data-" + code) || "" : ""; };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const atEnd = () => log.scrollTop + log.clientHeight >= log.scrollHeight - 120;
  // A long message is shown from its beginning, not from its end.
  const bring = (one, block) => {
    one.scrollIntoView({block, behavior: calm.matches ? "auto" : "smooth"});
    newer.hidden = true;
  };
  const toEnd = () => bring(log.lastElementChild, "end");
  const wake = (root) => root.querySelectorAll(".needs-script").forEach((one) => { one.hidden = false; });
  const node = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;

  function mine(text) {
    const bubble = document.createElement("article"), who = document.createElement("h2");
    const body = document.createElement("p");
    bubble.className = "message mine";
    who.className = "unseen";
    who.textContent = $("says").dataset.you;
    body.className = "text";
    body.dir = "auto";
    body.textContent = text;
    bubble.append(who, body);
    log.append(bubble);
    const welcome = $("welcome");
    if (welcome) welcome.remove();
    toEnd();
    return bubble;
  }

  async function send(form, data, shown) {
    say("");
    const bubble = shown ? mine(shown) : null;
    data.set("nonce", nonce());
    const files = form.enctype === "multipart/form-data";
    const ask = () => fetch(form.action, {
      method: "POST", headers: {"X-By": "script"}, body: files ? data : new URLSearchParams(data)});
    let code = "not-taken";
    // The same mark goes with both tries, so it is taken once.
    for (let tries = 0; tries < 2; tries++) {
      try {
        const answer = await ask();
        if (answer.ok) {
          const welcome = $("welcome");
          if (welcome) welcome.remove();
          return true;
        }
        code = (await answer.json()).notice;
        if (answer.status !== 503) break;
      } catch { code = "not-taken"; }
    }
    if (bubble) bubble.remove();
    say(code);
    return false;
  }

  function leave() {
    if (left) return;
    left = true;
    const form = document.querySelector("form.leave");
    fetch(form.action, {method: "POST", keepalive: true, headers: {"X-By": "script"},
      body: new URLSearchParams(new FormData(form))}).catch(() => {});
    if (source) source.close();
    const away = document.body.dataset.neutral || "about:blank";
    wipe();
    location.replace(away);
  }

  function wipe() {
    words.value = "";
    document.title = "-";
    document.body.replaceChildren();
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    event.preventDefault();
    if (form.classList.contains("leave")) { leave(); return; }
    const data = new FormData(form, button);
    if (form === composer) {
      const text = words.value.trim();
      if (!text) return;
      words.value = "";
      grow();
      // Given back when it was not taken, before anything typed meanwhile.
      if (!await send(form, data, text)) words.value = words.value ? text + "\n" + words.value : text;
      grow();
      words.focus();
      return;
    }
    const silent = !button || "silent" in button.dataset || form.id === "files";
    if (await send(form, data, silent ? "" : button.textContent.trim()) && form.id === "files") form.reset();
    if (!button || !button.isConnected) words.focus({preventScroll: true});
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-replace]");
    if (link) { event.preventDefault(); location.replace(link.href); return; }
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const before = button.textContent;
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch {
      // Without a clipboard (plain http) the number is marked, ready to be copied by hand.
      getSelection().selectAllChildren(button.parentElement.querySelector("bdi"));
      return;
    }
    button.textContent = $("says").dataset.copied;
    setTimeout(() => { button.textContent = before; }, 2000);
  });

  let escaped = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (event.timeStamp - escaped < 1200 && escaped) leave();
      escaped = event.timeStamp;
    } else escaped = 0;
    if (event.key === "Enter" && event.target === words && !event.shiftKey && !event.isComposing
        && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      composer.requestSubmit();
    }
  });

  function grow() {
    words.rows = Math.min(6, words.value.split("\n").length + Math.floor(words.value.length / 60));
  }
  words.addEventListener("input", grow);
  newer.addEventListener("click", toEnd);
  log.addEventListener("scroll", () => { if (atEnd()) newer.hidden = true; }, {passive: true});

  function show(news) {
    const follow = atEnd();
    let added = null;
    const standing = new Set(news.refs);
    log.querySelectorAll("[data-ref]").forEach((one) => { if (!standing.has(one.dataset.ref)) one.remove(); });
    for (const change of news.changed) {
      const fresh = node(change.html);
      wake(fresh);
      const old = log.querySelector(`[data-ref="${CSS.escape(change.ref)}"]`);
      if (!old) { log.append(fresh); added ??= fresh; }
      else if (old.dataset.mark !== fresh.dataset.mark) old.replaceWith(fresh);
    }
    const welcome = $("welcome");
    if (welcome && news.refs.length) welcome.remove();
    if (added) { if (follow) bring(added, "start"); else newer.hidden = false; }
    if (news.language !== document.documentElement.lang) relabel();
  }

  // The language was changed in the conversation: take over the labels and leave the rest alone.
  async function relabel() {
    try {
      const answer = await fetch(location.pathname);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.documentElement.lang = page.documentElement.lang;
      document.documentElement.dir = page.documentElement.dir;
      for (const part of document.querySelectorAll("[data-part]")) {
        const other = page.querySelector(`[data-part="${part.dataset.part}"]`);
        if (!other) continue;
        part.replaceChildren(...other.childNodes);
        for (const {name, value} of other.attributes) if (name.startsWith("data-")) part.setAttribute(name, value);
      }
      words.placeholder = page.getElementById("words").placeholder;
      log.setAttribute("aria-label", page.getElementById("log").getAttribute("aria-label"));
      document.title = page.title;
    } catch { /* The old labels serve until the next message. */ }
  }

  function listen() {
    source = new EventSource("events");
    source.onmessage = (event) => show(JSON.parse(event.data));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED && !left) setTimeout(listen, 3000);
    };
  }

  // Whoever goes back finds an empty page that starts afresh, also out of the browser's memory.
  addEventListener("pagehide", () => { if (source) source.close(); wipe(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  history.replaceState(null, "", location.pathname.replace(/(say|press|file)$/, ""));
  history.scrollRestoration = "manual";
  wake(document);
  grow();
  log.scrollTop = log.scrollHeight;
  listen();
})();
