import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject } from '../../lib/schema/types.js'

type Matcher = (wanted: Json, found: Json | undefined, at: string) => string[]

const matchers: Readonly<Record<string, Matcher>> = {
  $absent: (wanted, found, at) => {
    if (typeof wanted !== 'boolean') throw new Error(`${at}: $absent takes true or false`)
    return (found === undefined) === wanted ? [] : [`${at} is ${show(found)}`]
  },
  $type: (wanted, found, at) =>
    typeOf(found) === wanted ? [] : [`${at} is ${show(found)}, not of type ${show(wanted)}`],
  $matches: (wanted, found, at) =>
    typeof found === 'string' && new RegExp(String(wanted)).test(found)
      ? []
      : [`${at} is ${show(found)}, which does not match ${String(wanted)}`],
  $contains: (wanted, found, at) =>
    list(wanted)
      .filter((item) => !isArray(found) || found.every((each) => match(item, each).length > 0))
      .map((item) => `${at} has no ${show(item)}, but is ${show(found)}`),
  $unordered: (wanted, found, at) => [
    ...matchers['$length']!(list(wanted).length, found, at),
    ...matchers['$contains']!(wanted, found, at),
  ],
  $length: (wanted, found, at) => {
    const length = isArray(found) ? found.length : undefined
    return length === wanted ? [] : [`${at} has length ${length}, not ${show(wanted)}`]
  },
  $exactly: (wanted, found, at) =>
    isDeepStrictEqual(found, wanted) ? [] : [`${at} is ${show(found)}, not ${show(wanted)}`],
}

/** Differences between a body and the expected part of it; empty if there are none. */
export function match(wanted: Json, found: Json | undefined, at = 'body'): string[] {
  if (isArray(wanted)) {
    if (!isArray(found) || found.length !== wanted.length) {
      return [`${at} is ${show(found)}, not ${show(wanted)}`]
    }
    return wanted.flatMap((item, index) => match(item, found[index], `${at}[${index}]`))
  }
  if (typeof wanted !== 'object' || wanted === null) {
    return wanted === found ? [] : [`${at} is ${show(found)}, not ${show(wanted)}`]
  }
  const keys = Object.keys(wanted)
  if (keys.some((key) => key.startsWith('$') && key !== '$ref')) {
    return keys.flatMap((key) => matcherOf(key, at)(wanted[key] as Json, found, at))
  }
  if (!isObject(found)) return [`${at} is ${show(found)}, not ${show(wanted)}`]
  return keys.flatMap((key) => match(wanted[key] as Json, found[key], `${at}.${key}`))
}

function matcherOf(key: string, at: string): Matcher {
  const matcher = Object.hasOwn(matchers, key) ? matchers[key] : undefined
  if (matcher === undefined) throw new Error(`${at}: there is no matcher ${key}`)
  return matcher
}

function list(value: Json): readonly Json[] {
  if (!isArray(value)) throw new Error(`${show(value)} is no array`)
  return value
}

function isArray(value: Json | undefined): value is Extract<Json, readonly unknown[]> {
  return Array.isArray(value)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isArray(value)
}

function typeOf(value: Json | undefined): string {
  if (value === null) return 'null'
  if (isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function show(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'absent'
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
