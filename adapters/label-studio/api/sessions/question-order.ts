import { LabelStudioError } from '../errors.js'
import { type Limiter, limiter } from '../http/limiter.js'

/** Who waits for an answer: a request of Node, or anything else. */
export interface Asker {
  /** A client that has left waits for nothing. */
  readonly socket?: { readonly destroyed?: boolean } | undefined
}

/** A question about a credential. */
export interface CredentialQuestion<T> {
  /** Everybody who waits; the first one has asked. May grow while the question waits. */
  readonly askers: ReadonlySet<Asker>
  /** Questions about known people come before those about strangers. */
  readonly isKnown: boolean
  ask(): Promise<T>
}

/** How many questions about strangers one connection may have under way; the others wait. */
const perConnection = 4

/** Asks a question in its turn. */
export type QuestionOrder = <T>(question: CredentialQuestion<T>) => Promise<T>

/**
 * Decides in which order questions about credentials are asked, so that a flood of forged ones
 * keeps hardly anybody waiting who was known before, and others no longer than a few questions for
 * each open connection take. Forged sessions of known people may come first too, so strangers have
 * every fourth place. A question for which nobody waits any more fails.
 */
export function questionOrder(maxConcurrent: number, maxQueued: number): QuestionOrder {
  const all = limiter(maxConcurrent, maxQueued)
  const connections = new WeakMap<object, Limiter>()

  const ofConnection = ({ socket }: Asker): Limiter | undefined => {
    if (!socket) return undefined
    const known = connections.get(socket) ?? limiter(perConnection, maxQueued)
    connections.set(socket, known)
    return known
  }
  return async ({ askers, isKnown, ask }) => {
    const wanted = async () => {
      if ([...askers].some(({ socket }) => !socket?.destroyed)) return ask()
      throw new LabelStudioError('unavailable', 'The client has left.')
    }
    if (isKnown) return all.run(wanted)
    const [first] = askers
    const inTurn = () => all.run(wanted, undefined, 'later')
    const connection = first && ofConnection(first)
    return connection ? connection.run(inTurn) : inTurn()
  }
}

/** Remembers who waits for the answer about a credential. */
export function askersOf() {
  const waiting = new Map<string, Set<Asker>>()
  /** Adds the asker to those who wait, until `find` ends. */
  return async <T>(
    key: string,
    asker: Asker,
    find: (askers: ReadonlySet<Asker>) => Promise<T>,
  ): Promise<T> => {
    const askers = waiting.get(key) ?? new Set()
    waiting.set(key, askers.add(asker))
    try {
      return await find(askers)
    } finally {
      askers.delete(asker)
      if (askers.size === 0) waiting.delete(key)
    }
  }
}
