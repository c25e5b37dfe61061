import { isObject } from '../../../lib/adapter/index.js'
import { LabelStudioError } from './errors.js'

/** A JSON object whose members are not known yet. */
export type JsonRecord = Record<string, unknown>

/**
 * These functions read answers of Label Studio; anything not as expected becomes an `unexpected`
 * error.
 */
export function readRecord(value: unknown, what: string): JsonRecord {
  if (isObject(value)) return value
  throw notUnderstood(what, 'an object')
}

export function readArray(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw notUnderstood(what, 'an array')
}

/** Reads an id: a positive integer. Negative ids stand for hidden people. */
export function readId(record: JsonRecord, name: string, what: string): number {
  const value = record[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw notUnderstood(what, `a positive integer "${name}"`)
}

export function readString(record: JsonRecord, name: string, what: string): string {
  const value = record[name]
  if (typeof value === 'string') return value
  throw notUnderstood(what, `a string "${name}"`)
}

/** The string at `name`, or '' if it is absent or null. */
export function textOf(record: JsonRecord, name: string): string {
  const value = record[name]
  return typeof value === 'string' ? value : ''
}

export function numberOf(record: JsonRecord, name: string): number | undefined {
  const value = record[name]
  return typeof value === 'number' ? value : undefined
}

export function booleanOf(record: JsonRecord, name: string): boolean | undefined {
  const value = record[name]
  return typeof value === 'boolean' ? value : undefined
}

function notUnderstood(what: string, expected: string): LabelStudioError {
  return new LabelStudioError(
    'unexpected',
    `Label Studio's answer (${what}) is not understood: expected ${expected}.`,
  )
}
