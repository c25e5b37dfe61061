import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Scope } from '../../lib/adapter/index.js'
import type { Database, Session } from './database.js'

type Transaction = Database['transaction']

/** Short transactions that are committed together. */
export interface SharedCommits {
  readonly transaction: Transaction
  /** Waits for those that came before; from then on, each is committed by itself. */
  end(): Promise<void>
}

interface Waiting {
  readonly work: (session: Session) => Promise<unknown>
  readonly scope: Scope | undefined
  readonly resolve: (result: never) => void
  readonly reject: (reason: unknown) => void
}

/** More hardly gain anything, and a failure repeats all of them. */
const mostTogether = 16
/** After this time they are committed, because other processes wait for the lock. */
const longestMs = 4

/**
 * Commits transactions that arrive in the same turn of the event loop together, for a database with
 * one writer: each commit writes all pages that were touched, and much of what different
 * transactions touch is the same. If one fails, nothing of them is kept, and each is repeated by
 * itself, so that nobody fails because of another.
 */
export function sharedCommits(transaction: Transaction): SharedCommits {
  const running = new Set<Promise<unknown>>()
  let waiting: Waiting[] = []
  let isEnded = false

  const begin = async () => {
    await nextTurn()
    const all = waiting
    waiting = []
    const parts = Array.from({ length: Math.ceil(all.length / mostTogether) }, (_, part) =>
      all.slice(part * mostTogether, (part + 1) * mostTogether),
    )
    await Promise.all(parts.map((part) => carryOut(transaction, part)))
  }
  const start = () => {
    const begun = begin().finally(() => running.delete(begun))
    running.add(begun)
  }
  return {
    transaction(work, scope) {
      if (isEnded) return transaction(work, scope)
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) start()
        waiting.push({ work, scope, resolve, reject })
      })
    },
    async end() {
      isEnded = true
      await Promise.all(running)
    },
  }
}

async function carryOut(transaction: Transaction, all: readonly Waiting[]): Promise<void> {
  const givenUp = all.filter(({ scope }) => scope?.signal.aborted)
  const wanted = all.filter(({ scope }) => !scope?.signal.aborted)
  // Those that were given up learn the reason from their own.
  const [together, single] = wanted.length > 1 ? [wanted, givenUp] : [[], all]
  const done = together.length > 0 && allAtOnce(transaction, together)
  await Promise.all([done, ...single.map((each) => alone(transaction, each))])
}

async function allAtOnce(transaction: Transaction, all: readonly Waiting[]): Promise<void> {
  let isBegun = false
  const first = transaction((session) => {
    isBegun = true
    return resultsInTime(session, all)
  })
  const results = await first.catch((error: unknown) => {
    // Nobody waits for the lock a second time. After a failed flush nothing can be written again.
    if (!isBegun) for (const { reject } of all) reject(error)
    return undefined
  })
  if (results) {
    for (const [place, result] of results.entries()) all[place]?.resolve(result as never)
    await carryOut(transaction, all.slice(results.length))
  } else if (isBegun) {
    await Promise.all(all.map((each) => alone(transaction, each)))
  }
}

/** The results of all, or of the first ones until the time is over. */
async function resultsInTime(session: Session, all: readonly Waiting[]): Promise<unknown[]> {
  const until = performance.now() + longestMs
  const results: unknown[] = []
  for (const { work } of all) {
    results.push(await work(session))
    if (performance.now() >= until) break
  }
  return results
}

function alone(transaction: Transaction, { work, scope, resolve, reject }: Waiting): Promise<void> {
  return transaction(work, scope).then((result) => resolve(result as never), reject)
}
