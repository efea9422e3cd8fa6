"use strict";
(() => {
  const main = document.getElementById("main");
  const found = [...main.querySelectorAll("[data-find]")];
  if (!found.length) return;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // One line to find things by; it is made here as it does nothing without scripts.
  const query = make("input", { type: "search", id: "find", autocomplete: "off", spellcheck: false });
  const label = make("label", { htmlFor: "find", textContent: "Find" });
  const told = make("span", { className: "told" });
  told.setAttribute("role", "status");
  const unfold = make("button", { type: "button", textContent: "Unfold all" });
  const bar = make("form", { className: "tools" }, label, query, unfold, told);
  bar.setAttribute("role", "search");
  bar.addEventListener("submit", (event) => event.preventDefault());
  main.prepend(bar);

  const texts = new Map();
  const text = (element) => {
    if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
    return texts.get(element);
  };

  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const element of found) {
      const matches = words.every((word) => text(element).includes(word));
      element.hidden = !matches;
      shown += matches;
    }
    for (const section of main.querySelectorAll("section")) {
      const own = [...section.querySelectorAll("[data-find]")];
      section.hidden = words.length > 0 && own.every((element) => element.hidden);
    }
    for (const folded of main.querySelectorAll("details.rows")) {
      const open = words.length > 0 && [...folded.querySelectorAll("[data-find]")].some((element) => !element.hidden);
      if (open !== folded.open && (open || folded.dataset.found)) folded.open = open;
      if (open) folded.dataset.found = "yes";
      else delete folded.dataset.found;
    }
    told.textContent = words.length ? `${shown} found` : "";
  };
  let waiting;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|textarea|select)$/i.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && document.activeElement === query) {
      query.value = "";
      filter();
    }
  });

  unfold.addEventListener("click", () => {
    const all = [...main.querySelectorAll("details")];
    const open = all.some((each) => !each.open);
    for (const each of all) each.open = open;
    unfold.textContent = open ? "Fold all" : "Unfold all";
  });

  // Where a link leads into a folded part, unfold it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  const copied = async (button, command) => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.parentElement.querySelector("pre"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };
  for (const command of main.querySelectorAll("pre.command")) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", () => copied(button, command.textContent));
    const around = make("div", { className: "copyable" });
    command.replaceWith(around);
    around.append(command, button);
  }
})();
