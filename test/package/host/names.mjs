// Prints, for each entry point of the packed library, the names that `import` and `require` give.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { exports } = require('label-studio-scim/package.json')
const names = {}
for (const entry of Object.keys(exports).filter((key) => !key.endsWith('.json'))) {
  const specifier = `label-studio-scim${entry.slice(1)}`
  names[entry] = {
    import: Object.keys(await import(specifier)).sort(),
    require: Object.keys(require(specifier)).sort(),
  }
}
console.log(JSON.stringify(names))
