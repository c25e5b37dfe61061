import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Scope, storeErrorKind } from '../../lib/adapter/index.js'
import type { Session } from './database.js'

/** Runs a transaction. */
type Transaction = <T>(work: (session: Session) => Promise<T>, scope?: Scope) => Promise<T>

/** Short transactions that are committed together. */
export interface SharedCommits {
  readonly transaction: Transaction
  /** Waits for those that have not begun. */
  begun(): Promise<void>
}

interface Waiting {
  readonly work: (session: Session) => Promise<unknown>
  readonly scope: Scope | undefined
  readonly resolve: (result: never) => void
  readonly reject: (reason: unknown) => void
}

/** More hardly gain anything, and a failure repeats all of them. */
const mostTogether = 16

/**
 * Commits transactions that arrive in the same turn of the event loop together, for a database with
 * one writer: each commit writes all pages that were touched, and much of what different
 * transactions touch is the same. If one fails, nothing of them is kept, and each is repeated by
 * itself, so that nobody fails because of another.
 */
export function sharedCommits(transaction: Transaction): SharedCommits {
  let waiting: Waiting[] = []
  let beginning: Promise<void> | undefined

  const begin = async () => {
    await nextTurn()
    const all = waiting
    waiting = []
    beginning = undefined
    for (let start = 0; start < all.length; start += mostTogether) {
      void carryOut(transaction, all.slice(start, start + mostTogether))
    }
  }
  return {
    transaction: (work, scope) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, scope, resolve, reject })
        beginning ??= begin()
      }),
    begun: async () => beginning,
  }
}

async function carryOut(transaction: Transaction, all: readonly Waiting[]): Promise<void> {
  const alone = ({ work, scope, resolve, reject }: Waiting) =>
    transaction(work, scope).then((result) => resolve(result as never), reject)
  const isWanted = ({ scope }: Waiting) => !scope?.signal.aborted
  const wanted = all.filter(isWanted)
  const together = wanted.length > 1 ? wanted : []
  // Those that were given up learn the reason from their own.
  for (const each of all) if (!together.includes(each)) void alone(each)
  if (together.length === 0) return
  try {
    const results = await transaction(async (session) => {
      const list: unknown[] = []
      for (const { work } of together) list.push(await work(session))
      return list
    })
    for (const [place, { resolve }] of together.entries()) resolve(results[place] as never)
  } catch (error) {
    // A database that does not answer is not asked again for each.
    if (storeErrorKind(error) === 'unavailable') for (const { reject } of together) reject(error)
    else for (const each of together) void alone(each)
  }
}
