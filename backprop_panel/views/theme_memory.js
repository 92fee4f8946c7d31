const SECONDS_KEPT = 400 * 24 * 3600  // browsers keep no cookie longer

function kept() {
  return document.cookie.match(new RegExp(`(?:^|; )${COOKIE}=(dark|default)(?:;|$)`))?.[1]
}

function keep(dark) {
  const path = location.pathname.replace(/[^/]*$/, "")
  const theme = dark ? "dark" : "default"
  document.cookie = `${COOKIE}=${theme}; path=${path}; max-age=${SECONDS_KEPT}; SameSite=Lax`
}

export function render({ model }) {
  const theme = kept()
  if (theme && !new URLSearchParams(location.search).has("theme")) model.dark = theme === "dark"
  model.on("dark", () => keep(model.dark))
  return document.createElement("span")
}
