import { isObject } from '../schema/json.js'
import type { Identification } from './options.js'

const shape =
  '{ identities: [{ accountId, email }], isComplete: true or false }, each identity with at ' +
  'least one of the two'

/**
 * `identify` is the host's code, possibly plain JavaScript. Nobody is found by an identity that
 * names nobody, and whoever is not found may be let in.
 *
 * @throws TypeError saying what `identify` must return
 */
export function checkIdentification(found: unknown): Identification {
  if (isIdentification(found)) return found
  throw new TypeError(`accessGate: "identify" must resolve with ${shape}.`)
}

function isIdentification(found: unknown): found is Identification {
  if (!isObject(found) || typeof found['isComplete'] !== 'boolean') return false
  const { identities, refused = [] } = found
  return Array.isArray(identities) && identities.every(namesSomebody) && isTexts(refused)
}

function namesSomebody(identity: unknown): boolean {
  if (!isObject(identity)) return false
  const { accountId, email } = identity
  const isId = typeof accountId === 'number' || isText(accountId)
  return isId || (accountId === undefined && isText(email))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isTexts(values: unknown): boolean {
  return Array.isArray(values) && values.every(isText)
}
