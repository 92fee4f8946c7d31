// How many further tasks a page has ended when React has surely shown what it had to show.
const TASKS_TO_SETTLE = 4, MILLISECONDS_BETWEEN_TASKS = 50

// Refuses what a component sends back of a value that the server has replaced meanwhile.
function refuse_replaced_values(data) {
  const received = new Map(), replaced = new Map(), {setv} = data
  let tasks_left = 0
  const settle = () => {
    tasks_left -= 1
    if (tasks_left > 0) {
      setTimeout(settle, MILLISECONDS_BETWEEN_TASKS)
    } else {
      received.clear()
      replaced.clear()
    }
  }
  const receive = (name, value) => {
    const values = replaced.get(name) ?? replaced.set(name, new Set()).get(name)
    if (received.has(name)) values.add(received.get(name))
    received.set(name, value)
    values.delete(value)
  }
  data.setv = function(changes, options) {
    if (options?.sync === false) {
      for (const [name, value] of Object.entries(changes)) receive(name, value)
      if (tasks_left === 0) setTimeout(settle, MILLISECONDS_BETWEEN_TASKS)
      tasks_left = TASKS_TO_SETTLE
    } else if (received.size > 0) {
      // Once the newest value is shown, all that follows is a person's.
      for (const [name, value] of Object.entries(changes)) if (value === received.get(name)) {
        received.delete(name)
        replaced.delete(name)
      }
      const news = Object.entries(changes).filter(([name, value]) => !replaced.get(name)?.has(value))
      changes = Object.fromEntries(news)
    }
    return setv.call(this, changes, options)
  }
}

function keep_newest_values() {
  const {default_view} = Bokeh.Models["panel.models.esm.ReactComponent"].prototype
  const components = default_view.prototype
  if (components.keeps_newest_values) return
  components.keeps_newest_values = true
  const patched = new WeakSet()
  const patch = ({data}) => {
    if (patched.has(data)) return
    patched.add(data)
    refuse_replaced_values(data)
  }
  const {connect_signals} = components
  components.connect_signals = function() {
    connect_signals.call(this)
    patch(this.model)
  }
  for (const {model} of Bokeh.index.query((view) => view instanceof default_view)) patch(model)
}
