// Called by BokehJS with the event `cb_data` of a document: its connection was lost, or made again.
const PATIENCE = 1000 // Milliseconds: a connection that is made again at once is not mentioned.
const POLL = 2000

const STYLE = `
  width: 100%; max-width: 100%; margin: 0; padding: 14px 24px; box-sizing: border-box; border: 0;
  background: #b3261e; color: #fff; font: 14px/1.5 Roboto, Helvetica, Arial, sans-serif;
`
const STYLE_OF_PAGE = ".bp-lost-connection::backdrop { background: rgb(0 0 0 / 45%) }"
const STYLE_OF_BUTTON = `
  margin-top: 8px; padding: 6px 16px; border: 0; border-radius: 6px; background: #fff;
  color: #b3261e; font: inherit; font-weight: 700; cursor: pointer;
`

// One notice for all documents of the page.
const notice = window.backprop_lost_connection ??= {dialog: null, timer: null}

function element(tag, text, style, parent) {
  const made = document.createElement(tag)
  made.textContent = text
  made.style.cssText = style
  parent.append(made)
  return made
}

function show(title, text, reloads) {
  // A modal dialog: nothing beneath it can be pressed, or looks as if it could.
  const dialog = notice.dialog ??= open_dialog()
  dialog.replaceChildren()
  element("style", STYLE_OF_PAGE, "", dialog)
  element("div", title, "font-weight: 700; font-size: 16px", dialog)
  element("div", text, "", dialog)
  if (reloads) {
    const button = element("button", "Reload", STYLE_OF_BUTTON, dialog)
    button.onclick = () => location.reload()
    button.focus()
  }
}

function open_dialog() {
  const dialog = element("dialog", "", STYLE, document.body)
  dialog.className = "bp-lost-connection"
  dialog.setAttribute("role", "alertdialog")
  dialog.oncancel = (event) => event.preventDefault()
  dialog.onclose = () => notice.dialog === dialog && dialog.showModal() // Escape, pressed twice
  dialog.showModal()
  return dialog
}

function hide() {
  clearTimeout(notice.timer)
  const {dialog} = notice
  notice.dialog = notice.timer = null
  dialog?.remove()
}

async function answers(address) {
  try {
    // A proxy answers in place of a server that is gone. This makes no session, and every server
    // of a page allows it: other hosts' pages ask it before they embed the page.
    const {status} = await fetch(`${address}/autoload.js`, {method: "OPTIONS", cache: "no-store"})
    return status < 500
  } catch {
    return false
  }
}

async function poll(address) {
  if (await answers(address)) {
    if (notice.timer != null) show("The server answers again", "Reload this page to go on.", true)
  } else if (notice.timer != null) {
    show(
      "The server is gone",
      "This page shows what it was sent last, and nothing on it works. Start the server again; " +
        "runs that were saved are still there.",
    )
    notice.timer = setTimeout(poll, POLL, address)
  }
}

if (cb_data.event_name === "client_reconnected") {
  hide()
} else if (notice.timer == null) {
  notice.timer = setTimeout(poll, PATIENCE, address_of(cb_data))
}
