// The address of the page's server, from the event of a connection that was lost.
function address_of({connection}) {
  return connection.deref().url.replace(/^ws/, "http").replace(/\/ws$/, "")
}
