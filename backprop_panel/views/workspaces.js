const SECONDS_KEPT = 400 * 24 * 3600  // browsers keep no cookie longer
const TRIED = "bp-workspace-tried", MILLISECONDS_TRIED = 20_000

function find() {
  return document.cookie.match(new RegExp(`(?:^|; )${COOKIE}=([0-9a-f]{64})(?:;|$)`))?.[1]
}

function keep(key) {
  const path = location.pathname.replace(/[^/]*$/, "")
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie =
    `${COOKIE}=${key}; path=${path}; max-age=${SECONDS_KEPT}; SameSite=Lax${secure}`
}

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}

// Loads the page again, now with the key; returns why it does not.
function reload() {
  if (!find()) return "Your runs are kept apart by a cookie, and this browser keeps none."
  try {
    if (Date.now() - Number(sessionStorage.getItem(TRIED)) < MILLISECONDS_TRIED)
      return "Your runs are kept apart by a cookie, which did not reach the server. " +
        "Reload the page in half a minute to try again."
    sessionStorage.setItem(TRIED, Date.now())
  } catch {
    return "Your runs are kept apart by a cookie, and this browser keeps nothing of this page."
  }
  location.reload()
  return ""
}

// A key that is lost after this page may be made anew at once.
function forget_try() {
  try {
    sessionStorage.removeItem(TRIED)
  } catch {
    // Nothing is kept of this page, a try neither.
  }
}

export function render({ model }) {
  const text = document.createElement("span")
  keep(find() ?? random())
  if (model.known) forget_try()
  else text.textContent = reload()
  return text
}
