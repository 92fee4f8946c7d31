// The elements that stand beside a component in its layout, in the layout's order, itself among them.
function children_beside(el) {
  return [...el.getRootNode().host.parentNode.children]
}

// The element of the layout, which scrolls.
function layout_around(el) {
  return el.getRootNode().host.getRootNode().host
}
