// A new connection: choosing a provider fills in its address, protocol and a name.
(() => {
  "use strict";
  const chooser = document.querySelector("[data-presets]");
  if (!chooser) return;
  const form = chooser.form;
  let suggested = "";
  chooser.addEventListener("change", () => {
    const { address, adapter, provider } = chooser.selectedOptions[0].dataset;
    if (address === undefined) return;
    form.elements.base_url.value = address;
    form.elements.adapter.value = adapter;
    const name = form.elements.provider;
    if (!name.value || name.value === suggested) name.value = suggested = provider;
  });
})();
