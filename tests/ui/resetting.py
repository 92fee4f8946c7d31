"""Takes a page that was used back to how it was opened, by script: pressing takes far longer."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

# All elements below a root, those within shadow trees too.
ELEMENTS = """function elements(root) {
  return [...root.querySelectorAll("*")].flatMap((each) =>
    [each, ...(each.shadowRoot ? elements(each.shadowRoot) : [])])
}"""

SHOW_ALL_CELLS = """() => {
  for (const {model} of Bokeh.index.query(({model}) => model.type === 'Figure'))
    for (const range of [model.x_range, model.y_range])
      if (range.reset_start != null && range.reset_end != null)
        range.setv({start: range.reset_start, end: range.reset_end})
}"""

# What is chosen or typed in each field, and the status line; the server alone moves the others.
STATE = """() => {
  const fields = {}
  let status
  for (const {id, data, text} of Bokeh.documents[0].all_models) {
    const {value, value_input, active, label, value_buffer} = data?.attributes ?? {}
    const is_chosen = value_buffer === undefined && !["Active run", "Timeline"].includes(label)
    const given = Object.entries({value, value_input, active}).filter(([, it]) => it !== undefined)
    if (is_chosen && given.length) fields[id] = Object.fromEntries(given)
    if (text?.includes?.("bp-status")) status = text
  }
  return {fields, status}
}"""

# Milliseconds for each of the things to be taken back, on a machine that is busy with much else.
PATIENCE = 120_000

# Resolved once React has shown what its widgets were given: its tasks come before those of the
# background. Time that is idle would need frames, which a page that nobody sees may not have.
SETTLED = 'scheduler.postTask(() => {}, {priority: "background"})'

# A press is sent as the button sends it. A value may arrive after a press that follows it at once.
RESET = f"""async (opened) => {{
  const state = {STATE}
  const models = () => [...Bokeh.documents[0].all_models]
  const widget = (label) => models().find(({{data}}) => data?.attributes?.label === label)
  const press = (label) => {{
    const model = widget(label)
    const [view] = [...Bokeh.index.query((each) => each.model === model)]
    view.model_proxy.send_event("click", {{}})
  }}
  const within = async (milliseconds, holds) => {{
    const end = performance.now() + milliseconds
    while (!holds()) {{
      if (performance.now() > end) return false
      await new Promise((go) => setTimeout(go, 5))
    }}
    return true
  }}
  // Done again if nothing comes of it: a press or a value can cross what the server sends.
  const until = async (holds, deed = () => {{}}, patience = 3000) => {{
    for (const end = performance.now() + {PATIENCE}; !holds(); patience *= 2) {{
      if (performance.now() > end) throw Error(`the page was not reset: never ${{holds}}`)
      deed()
      await within(patience, holds)
    }}
  }}
  const runs = () => widget("Active run").data.attributes.options
  const dialog = () => models().find(({{data}}) => data?.attributes?.title === "Delete run?").data

  // A second press before the first is answered would have it play again.
  const stop = () => until(() => !widget("Pause"), () => press("Pause"), 30_000)
  const go_back_to_now = () => until(
    () => widget("Back to now").data.attributes.disabled, () => press("Back to now")
  )
  const leave_first_run = async () => {{
    const list = widget("Active run").data
    list.setv({{value: runs().find((name) => name !== "run 1")}})
    const asked = () => models().find(({{text}}) => text?.includes?.("its history will be gone"))
    while (!dialog().attributes.open || asked().text.includes("run 1&lt;")) {{
      press("Delete")
      await until(() => dialog().attributes.open)
      if (asked().text.includes("run 1&lt;")) press("Cancel")
    }}
  }}
  const delete_others = async () => {{
    while (runs().length > 1) {{
      const count = runs().length
      if (widget("Active run").data.attributes.value === "run 1") await leave_first_run()
      press("Delete run")
      await until(() => runs().length < count)
    }}
  }}
  const changed = () => {{
    const now = state().fields
    const is_other = (id) => JSON.stringify(now[id]) !== JSON.stringify(opened.fields[id])
    return models().filter(({{id}}) => id in opened.fields && is_other(id))
  }}
  const restore = () => until(() => !changed().length, () => {{
    for (const {{id, data}} of changed()) data.setv(opened.fields[id])
  }})
  const is_untrained = () => state().status.includes("&gt;step 0 ")
  const reset_run = async () => {{
    // A step first, if there is none: the status then tells when the run was reset.
    await until(() => !is_untrained(), () => press("Run Batch"))
    press("Reset")
    await until(() => state().status === opened.status)
  }}
  const deselect = async () => {{
    const button = () => [...Bokeh.index.query(({{model}}) => model.css_classes != null)]
      .map(({{el}}) => el.shadowRoot?.querySelector("[data-key=deselect]")).find(Boolean)
    button()?.click()
    await until(() => !button())
  }}
  const leave_focus = () => {{
    let element = document.activeElement
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    element?.blur()
  }}
  const elements = {ELEMENTS}
  const scroll_back = () => {{
    for (const each of elements(document)) if (each.scrollTop) each.scrollTop = 0
  }}

  leave_focus()
  await stop()
  await go_back_to_now()
  await delete_others()
  await restore()
  await deselect()
  await reset_run()
  await restore()
  ;({SHOW_ALL_CELLS})()
  scroll_back()
  await until(() => Bokeh.documents.every((each) => each.is_idle))
  await {SETTLED}
}}"""


@dataclass
class UsedPage:
    """The page that stays open from test to test, once a test has asked for it."""

    page: Page | None = None
    first_status: str = ""
    """The status line when the page was opened."""
    _opened: dict[str, Any] = field(default_factory=dict)

    def keep(self, page: Page) -> Page:
        """Keep a page that was just opened, and remember how it is."""
        self.page = page
        self.first_status = page.locator(".bp-status").inner_text()
        self._opened = page.evaluate(STATE)
        return page

    def reset(self) -> Page:
        """Stop, delete all runs but the first, reset that one, and restore every field."""
        self.page.mouse.move(0, 0)
        self.page.evaluate(RESET, self._opened)
        return self.page
