// Shows the glossary's entries that hold the words typed; an empty field shows all.
{
  const field = document.getElementById("trn-find");
  const found = document.querySelector(".trn-find output");
  const entries = [...document.querySelectorAll(".trn-terms dl > div")];
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of entries) {
      const text = entry.textContent.toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
    }
    for (const section of document.querySelectorAll(".trn-terms")) {
      section.hidden = !section.querySelector("dl > div:not([hidden])");
    }
    const shown = entries.filter((entry) => !entry.hidden).length;
    found.textContent = words.length ? `${shown} of ${entries.length} terms` : "";
  };
  field.addEventListener("input", show);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => {
    field.value = "";
    show();
  });
}
