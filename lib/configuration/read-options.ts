import { ConfigurationError } from '../errors.js'
import { isThenable } from '../events/emitter.js'
import { isObject } from '../schema/json.js'
import type { Kind, Option, OptionRows, OptionTable, Resolved } from './option.js'
import { refuseUnknown } from './refuse-unknown.js'
import { describeValue, typeName } from './shown.js'

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
  if (!isObject(given)) throw wrong(table, `the options are ${typeName(given)}`, anObject(table))
  return readRows(table, table.rows, given, '') as Resolved<Options, Rows>
}

function readRows(
  table: OptionTable,
  rows: OptionRows,
  given: Readonly<Record<string, unknown>>,
  path: string,
): Record<string, unknown> {
  refuseUnknown(table, given, rows, path)
  return Object.fromEntries(
    Object.entries(rows).map(([name, option]) => [
      name,
      readOption(table, option, given[name], {
        path: `${path}${name}`,
        secret: option.secret ?? false,
        isNamed: name in given,
      }),
    ]),
  )
}

function readOption(
  table: OptionTable,
  option: Option,
  value: unknown,
  place: NamedPlace,
): unknown {
  const { type } = option
  const { path, secret, isNamed } = place
  if (value === undefined) {
    if (option.required) {
      const problem = secret && isNamed ? `is undefined: ${isVariableSet}` : 'is missing'
      throw wrong(table, `"${path}" ${problem}`, `give ${type.wanted}`)
    }
    // For nested options, the defaults are those of the options inside.
    if (type.inside && option.default) return readRows(table, type.inside, {}, `${path}.`)
    return option.default
  }
  return readValue(table, type, value, place)
}

interface OptionPlace {
  readonly path: string
  readonly secret: boolean
}

interface NamedPlace extends OptionPlace {
  /** The host has written the option, whatever its value. */
  readonly isNamed: boolean
}

/** Secrets mostly come from the environment. */
export const isVariableSet = 'is its environment variable set?'

function readValue(table: OptionTable, type: Kind, value: unknown, place: OptionPlace): unknown {
  const { path, secret } = place
  if (isThenable(value)) throw wrong(table, `"${path}" is a promise`, 'await it')
  if (!type.accepts(value)) {
    const problem = secret ? problemOf(value) : describe(type, value)
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
  return value === '' ? `is empty: ${isVariableSet}` : 'cannot be used'
}

function describe(type: Kind, value: unknown): string {
  const isText = typeof value === 'string' && value !== ''
  // Text that is wrong only for what it says.
  if (isText && type.takesText && type.repeats !== 'string') return 'cannot be used'
  return describeValue(value, type.repeats)
}

function anObject({ rows }: OptionTable): string {
  const required = Object.keys(rows).filter((name) => rows[name]?.required)
  return required.length === 0 ? 'give an object' : `give an object with ${required.join(', ')}`
}

function wrong({ factory, code }: OptionTable, problem: string, fix: string): ConfigurationError {
  const about = problem.startsWith('"') ? `option ${problem}` : problem
  const end = about.endsWith('?') ? '' : '.'
  return new ConfigurationError(code, `${factory}: ${about}${end} ${sentence(fix)}.`)
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
