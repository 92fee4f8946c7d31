// Where a letter belongs to what has the focus.
const FIELDS = "input, textarea, select, [contenteditable=true], [role=dialog], [role=listbox], [role=combobox]"

// Where an arrow or Escape does.
const MOVED_BY_KEYS = `input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=dialog],
  [role=presentation], [role=application], [role=tab], [role=listbox], [role=combobox], [role=menuitem],
  [role=slider], [role=grid]`

// What a key does; letters may be capitals.
function action_of({key}, actions) {
  return actions[key.length === 1 ? key.toLowerCase() : key]
}

function goes_to(event, selector) {
  return event.composedPath().some((each) => each.matches?.(selector))
}
