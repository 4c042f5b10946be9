// The pages work without this; it only saves a reload and keeps one's place.
"use strict";

(function progress() {
  const box = document.querySelector("[data-progress]");
  if (!box) return;
  const text = document.getElementById("progress-text");
  const bar = document.getElementById("progress-bar");
  let failures = 0;
  async function ask() {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      const state = await answer.json();
      if (!answer.ok || state.finished) return location.reload();
      failures = 0;
      text.textContent = state.text;
      bar.max = state.total || 1;
      bar.value = state.done;
    } catch (error) {
      failures += 1;
      if (failures > 5) {
        text.textContent = "The connection was lost. Reload the page to go on.";
        return undefined;
      }
    }
    setTimeout(ask, 300);
    return undefined;
  }
  setTimeout(ask, 200);
})();

(function once() {
  // A second click on a button that sends must not send twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();

(function escape() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest && event.target.closest("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
})();

(function unsaved() {
  // What is approved is the saved text, so a changed one has to be saved first.
  const approve = document.querySelector("[data-approves]");
  const form = approve && document.getElementById(approve.dataset.approves);
  const hint = document.querySelector("[data-unsaved]");
  if (!form || !hint) return;
  const fields = [...form.querySelectorAll("input[type=text], textarea")];
  function look() {
    const changed = fields.some((field) => field.value !== field.defaultValue);
    approve.disabled = changed;
    hint.hidden = !changed;
  }
  form.addEventListener("input", look);
  window.addEventListener("pageshow", look);
})();

(function ticks() {
  // Long lists: tick all or none at once, see how many are, and send none away empty.
  for (const form of document.querySelectorAll("form[data-ticks]")) {
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    // Enter on a tick box would press the form's first button, and that one sends.
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && boxes.includes(event.target)) event.preventDefault();
    });
    if (boxes.length < 2) continue;
    const line = document.createElement("p");
    line.className = "ticks";
    const all = document.createElement("button");
    all.type = "button";
    all.className = "button button-soft";
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    line.append(all, said);
    boxes[0].closest("ul").before(line);
    const acts = [...form.querySelectorAll("button[data-with-ticked]")];
    const look = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.textContent = ticked === boxes.length ? "Tick none" : "Tick all";
      said.textContent = `${ticked} of ${boxes.length} ticked`;
      for (const act of acts) act.disabled = ticked === 0;
    };
    all.addEventListener("click", () => {
      const every = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !every;
      look();
    });
    form.addEventListener("change", look);
    window.addEventListener("pageshow", look);
    look();
  }
})();

(function target() {
  // Whoever follows a link to something folded wants to see it.
  function look() {
    const there = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const fold = there && (there.matches("details") ? there : there.querySelector(":scope > details"));
    if (fold) fold.open = true;
  }
  window.addEventListener("hashchange", look);
  look();
})();
