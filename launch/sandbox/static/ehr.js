// Widens the app's frame without loading it again, so that its state survives; the link works without this script.
"use strict";
const link = document.querySelector("[data-widen]");
const workspace = document.querySelector(".workspace");
if (link && workspace) {
  link.setAttribute("role", "button");
  const show = () => {
    const wide = workspace.classList.contains("wide");
    link.textContent = wide ? link.dataset.wideLabel : link.dataset.narrowLabel;
    link.setAttribute("aria-pressed", String(wide));
  };
  const toggle = (event) => {
    event.preventDefault();
    workspace.classList.toggle("wide");
    const address = new URL(location.href);
    if (workspace.classList.contains("wide")) address.searchParams.set("view", "wide");
    else address.searchParams.delete("view");
    history.replaceState(null, "", address);
    show();
  };
  link.addEventListener("click", toggle);
  link.addEventListener("keydown", (event) => { if (event.key === " ") toggle(event); });
  show();
}
