// Gives a source data that come from the server: they are not sent back.
function receive_data(source, data) {
  source.setv({data}, {sync: false, check_eq: false})
}
