// Takes boxes that have nothing to scroll out of the tab order. Without this script they stay in it.
const boxes = document.querySelectorAll("main [tabindex='0']:is(pre, .math-scroll, .pst-scrollable-table-container)");
const watcher = new ResizeObserver(entries => {
  for (const { target } of entries) {
    target.tabIndex = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight ? 0 : -1;
  }
});
boxes.forEach(box => watcher.observe(box));
