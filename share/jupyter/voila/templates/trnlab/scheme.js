// Light or dark follows the reader's setting, unless the address says ?theme=light or dark.
{
  const asked = new URLSearchParams(location.search).get("theme");
  if (["light", "dark"].includes(asked)) document.documentElement.dataset.theme = asked;
}
