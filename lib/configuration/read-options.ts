import { ConfigurationError } from '../errors.js'
import { isThenable } from '../events/emitter.js'
import { nearMisses } from '../mapping/near-misses.js'
import { isObject } from '../schema/json.js'
import type { Kind, Option, OptionRows, OptionTable, Resolved } from './option.js'

/**
 * Checks a host's options against their table and fills in the defaults. An option that is
 * `undefined` counts as left out.
 *
 * @throws ConfigurationError with the table's code, naming the option, what was received and what
 *   to give
 */
export function readOptions<Options, Rows extends OptionRows>(
  table: OptionTable<Rows>,
  given: Options,
): Resolved<Options, Rows> {
  if (isThenable(given)) throw wrong(table, 'the options are a promise', 'await it')
  if (!isObject(given)) throw wrong(table, `the options are ${shown(given)}`, anObject(table))
  return readRows(table, table.rows, given, '') as Resolved<Options, Rows>
}

function readRows(
  table: OptionTable,
  rows: OptionRows,
  given: Readonly<Record<string, unknown>>,
  path: string,
): Record<string, unknown> {
  refuseUnknown(table, given, Object.keys(rows), path)
  return Object.fromEntries(
    Object.entries(rows).map(([name, option]) => [
      name,
      readOption(table, option, given[name], `${path}${name}`),
    ]),
  )
}

function readOption(table: OptionTable, option: Option, value: unknown, path: string): unknown {
  const { type, secret = false } = option
  if (value === undefined) {
    if (option.required) throw wrong(table, `"${path}" is missing`, `give ${type.wanted}`)
    // For nested options, the defaults are those of the options inside.
    if (type.inside && option.default) return readRows(table, type.inside, {}, `${path}.`)
    return option.default
  }
  return readValue(table, type, value, { path, secret })
}

interface OptionPlace {
  readonly path: string
  readonly secret: boolean
}

function readValue(table: OptionTable, type: Kind, value: unknown, place: OptionPlace): unknown {
  const { path, secret } = place
  if (isThenable(value)) throw wrong(table, `"${path}" is a promise`, 'await it')
  if (!type.accepts(value)) {
    const problem = secret ? problemOf(value) : `is ${shown(value)}`
    throw wrong(table, `"${path}" ${problem}`, `give ${type.wanted}`)
  }
  if (type.inside) return readRows(table, type.inside, value as Record<string, unknown>, `${path}.`)
  const { each } = type
  if (!each) return value
  return (value as readonly unknown[]).map((item, index) =>
    readValue(table, each, item, { path: `${path}[${index}]`, secret }),
  )
}

/** Of a secret, whose value is not repeated. */
function problemOf(value: unknown): string {
  return value === '' ? 'is empty: is its environment variable set?' : 'cannot be used'
}

function anObject({ rows }: OptionTable): string {
  const required = Object.keys(rows).filter((name) => rows[name]?.required)
  return required.length === 0 ? 'give an object' : `give an object with ${required.join(', ')}`
}

/**
 * Refuses unknown names, because a misspelt option would silently leave the default in force.
 *
 * @throws ConfigurationError naming the unknown name, the nearest known one and all that are known
 */
export function refuseUnknown(
  { factory, code }: Pick<OptionTable, 'factory' | 'code'>,
  given: object,
  known: readonly string[],
  path = '',
): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const [near] = nearMisses(unknown, known)
  const hint = near === undefined ? '' : ` Did you mean "${path}${near}"?`
  throw new ConfigurationError(
    code,
    `${factory}: option "${path}${unknown}" does not exist.${hint} Known are: ${known.join(', ')}.`,
  )
}

function wrong({ factory, code }: OptionTable, problem: string, fix: string): ConfigurationError {
  const about = problem.startsWith('"') ? `option ${problem}` : problem
  const end = about.endsWith('?') ? '' : '.'
  return new ConfigurationError(code, `${factory}: ${about}${end} ${sentence(fix)}.`)
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A value in a message, shortened; credentials in a URL are left out. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.replace(/\/\/[^/]*@/, '//…@').slice(0, 100))
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object') return JSON.stringify(value)?.slice(0, 100) ?? 'an object'
  return String(value)
}
