// Lets Jest import the files of the settings page as text, as the build does (scripts/bundle.js).
module.exports = {
  process: (text) => ({ code: `module.exports = ${JSON.stringify(text)}` }),
}
