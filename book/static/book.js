// Takes boxes that have nothing to scroll out of the tab order.
// Without this script they stay in it.
const kinds = ":is(pre, .math-scroll, .pst-scrollable-table-container)";
const watcher = new ResizeObserver(entries => {
  for (const { target } of entries) {
    const wide = target.scrollWidth > target.clientWidth;
    const high = target.scrollHeight > target.clientHeight;
    target.tabIndex = wide || high ? 0 : -1;
  }
});
const boxes = document.querySelectorAll(`main [tabindex='0']${kinds}`);
boxes.forEach(box => watcher.observe(box));
