import { isObject } from '../../../lib/adapter/index.js'
import type { Endpoint } from './endpoints.js'

/** People that a body names. */
export interface NamedPeople {
  /** Account ids. */
  readonly accounts: readonly number[]
  /** Lower-cased. */
  readonly addresses: readonly string[]
}

/** Fields that refer to a person. The answer then includes their name and address. */
const fields = ['completed_by', 'updated_by', 'last_created_by', 'comment_authors']

/**
 * Finds people by account id, in lists or in objects with an `id`. Imports may also name authors by
 * address.
 */
export function peopleIn(body: unknown, { body: kind }: Endpoint): NamedPeople | undefined {
  const objects = [body].flat().filter(isObject)
  const named = objects
    .flatMap((each) => fields.map((name) => each[name]))
    .flat()
    .map((each) => (isObject(each) ? (each['id'] ?? null) : each))
  const works = kind === 'file' ? objects.flatMap(worksOf) : []
  // If an author is an object, Label Studio uses only the address.
  const authors = works
    .flatMap((each) => [each['completed_by'], each['user']])
    .map((each) => (isObject(each) ? each['email'] : each))
  const isAddress = (each: unknown) => typeof each === 'string'
  const accounts = [...named, ...authors.filter((each) => !isAddress(each))]
    .filter((each) => each !== undefined && each !== null)
    .map(accountNumber)
  if (accounts.includes(undefined)) return undefined
  const addresses = authors.filter(isAddress).map((each) => (each as string).toLowerCase())
  return { accounts: [...new Set(accounts as number[])], addresses: [...new Set(addresses)] }
}

/** Annotations and drafts that an imported task includes. */
function worksOf({ annotations, drafts }: Readonly<Record<string, unknown>>) {
  return [annotations, drafts].filter(Array.isArray).flat().filter(isObject)
}

/** Accepts plain digits only: Python treats `true` as 1. */
function accountNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined
}
