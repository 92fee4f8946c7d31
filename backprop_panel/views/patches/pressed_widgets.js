// The view of the component that an element belongs to.
function view_at(host) {
  const [view] = Bokeh.index.query(({el}) => el === host)
  return view
}

// Whether an event, by its path, presses a button, or an entry of a menu that a button has opened.
function is_press(path) {
  const is_menu = path.some((each) => each.matches?.(".menu-button"))
  return path.some((each) => each.matches?.(is_menu ? "[role=menuitem]" : "button"))
}

function buttons_of(host) {
  return [...host.shadowRoot.querySelectorAll("button")]
}

function label_in(view) {
  return view?.model.data?.attributes.label
}

function label_of(host) {
  return label_in(view_at(host))
}

// The first button of each component with a label.
function buttons_labelled(label) {
  const views = [...Bokeh.index.query((view) => label && label_in(view) === label)]
  return views.map(({shadow_el}) => shadow_el.querySelector("button"))
}

// Calls back when the server says next that a component is no longer at work.
function once_done(host, call) {
  const {data} = view_at(host).model
  const end = () => {
    if (data.loading) return
    data.properties.loading.change.disconnect(end)
    call()
  }
  data.properties.loading.change.connect(end)
}
