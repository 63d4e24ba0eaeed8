// What HTML alone cannot do: the choice of a theme, cells that change in their place, and arrow keys in a grid.
"use strict";

(() => {
  const root = document.documentElement;
  const themes = ["system", "light", "dark"];

  function chooseTheme(button) {
    const next = themes[(themes.indexOf(root.dataset.theme || "system") + 1) % themes.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem("guildhall-theme");
      else localStorage.setItem("guildhall-theme", next);
    } catch { /* it holds for this page */ }
    nameTheme(button);
  }

  function nameTheme(button) {
    button.querySelector("span").textContent = root.dataset.theme || "system";
  }

  // Cells come many at once, each with the id of the one that it replaces: nothing else on the page is touched.
  function replaceCells(html) {
    const brought = document.createElement("template");
    brought.innerHTML = html; // made by the server's templates, which escape everything; the policy runs no script of it
    for (const cell of brought.content.querySelectorAll("[id]")) {
      const old = document.getElementById(cell.id);
      if (!old) continue; // it is on another part of the list
      const had = old.contains(document.activeElement);
      const now = document.importNode(cell, true);
      old.replaceWith(now);
      const inside = now.querySelector("a, span[tabindex]");
      if (inside && old.querySelector("[tabindex='0']")) inside.tabIndex = 0;
      if (had && inside) inside.focus({ preventScroll: true });
    }
  }

  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (event.detail.type !== "cells") return;
    event.preventDefault();
    replaceCells(event.detail.data);
  });

  // What is live is asked for once more when it is over, and by whoever comes back after a broken connection.
  function renew() {
    htmx.ajax("GET", location.href, { target: "#live", select: "#live", swap: "outerHTML" });
  }

  const opened = new WeakSet();
  document.addEventListener("htmx:sseOpen", (event) => {
    if (opened.has(event.target)) renew();
    else opened.add(event.target);
  });
  document.addEventListener("htmx:sseClose", (event) => {
    if (event.detail.type === "message") renew();
  });

  // A grid is one stop of the tab key; arrows walk through it (ARIA Authoring Practices, grid).
  function walkable(grid) {
    return [...grid.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td > *")]);
  }

  function prepareGrids() {
    for (const grid of document.querySelectorAll("table[data-grid]")) {
      const links = walkable(grid).flat();
      if (!links.length || links.some((each) => each.tabIndex === 0 && each.dataset.stop)) continue;
      links.forEach((each, number) => { each.tabIndex = number ? -1 : 0; });
      links[0].dataset.stop = "1";
    }
  }

  document.addEventListener("keydown", (event) => {
    const grid = event.target.closest?.("table[data-grid]");
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const step = steps[event.key];
    const edge = event.key === "Home" ? 0 : event.key === "End" ? -1 : null;
    if (!grid || event.altKey || event.ctrlKey || event.metaKey || (!step && edge === null)) return;
    const rows = walkable(grid);
    const row = rows.findIndex((each) => each.includes(event.target));
    if (row < 0) return;
    const column = rows[row].indexOf(event.target);
    const next = step ? rows[row + step[0]]?.[column + step[1]] : rows[row].at(edge);
    event.preventDefault();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  document.addEventListener("htmx:load", prepareGrids);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (button) {
      button.hidden = false;
      nameTheme(button);
      button.addEventListener("click", () => chooseTheme(button));
    }
    prepareGrids();
  });
})();
