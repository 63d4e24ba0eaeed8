// The theme that was chosen, before anything is painted: so nothing flashes.
(() => {
  try {
    const theme = localStorage.getItem("guildhall-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch { /* nothing may be kept here: the system's theme it is */ }
})();
