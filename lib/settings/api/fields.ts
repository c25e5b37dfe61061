import { ScimError } from '../../errors.js'
import { instantOf } from './parameters.js'

/** @throws ScimError 400 for anything but an object whose members are all among these */
export function fieldsOf(
  body: unknown,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ScimError(400, 'The body must be a JSON object.')
  }
  const unknown = Object.keys(body).find((name) => !names.includes(name))
  if (unknown === undefined) return body as Readonly<Record<string, unknown>>
  throw new ScimError(400, `"${unknown}" is not known here. Use ${names.join(', ')}.`)
}

/** @throws ScimError 400 for anything but a string */
export function textIn(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw new ScimError(400, `"${name}" must be a text.`)
}

/** An optional instant, as in a query. @throws ScimError 400 */
export function instantIn(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return instantOf(new URLSearchParams({ [name]: textIn(name, value) }), name)
}

/** @throws ScimError 400 for anything but a list of project ids */
export function numbersIn(name: string, value: unknown): readonly number[] {
  const isList =
    Array.isArray(value) &&
    value.length <= 10_000 &&
    value.every((id) => Number.isSafeInteger(id) && id > 0)
  if (isList) return value as readonly number[]
  throw new ScimError(400, `"${name}" must be a list of at most 10000 numbers of projects.`)
}
