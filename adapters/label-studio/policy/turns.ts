import { type Limiter, limiter } from '../api/http/limiter.js'
import type { Reference } from './read-request.js'
import type { Resolver } from './resolve.js'

/** Makes the resolver for the requests of one account. */
export type ResolverFor = (account: number) => Resolver

/** How many questions one person's requests may ask at the same time; the others wait. */
const askedAtOnce = 4
const maxWaiting = 1_000

/**
 * Lets each person ask a few questions at a time, so that nobody's requests keep those of all
 * others from Label Studio. Above a thousand waiting questions, further ones fail.
 */
export function inTurns(resolver: Resolver): ResolverFor {
  const people = new Map<number, { readonly limit: Limiter; asking: number }>()
  async function inTurn<T>(account: number, ask: () => Promise<T>, signal?: AbortSignal) {
    const own = people.get(account) ?? { limit: limiter(askedAtOnce, maxWaiting), asking: 0 }
    people.set(account, own)
    own.asking += 1
    try {
      return await own.limit.run(ask, signal)
    } finally {
      own.asking -= 1
      if (own.asking === 0) people.delete(account)
    }
  }
  return (account) => ({
    ...resolver,
    ask: (reference, signal) => inTurn(account, () => resolver.ask(reference, signal), signal),
    addressOf: (other, signal) => inTurn(account, () => resolver.addressOf(other, signal), signal),
  })
}

/** Asks about all of these, a few at a time, until one of them fails. */
export async function askAll<T>(
  references: readonly Reference[],
  ask: (reference: Reference) => Promise<T>,
): Promise<void> {
  const left = references.values()
  let isFailed = false
  const worker = async () => {
    for (const each of left) {
      if (isFailed) return
      await ask(each)
    }
  }
  try {
    await Promise.all(Array.from({ length: askedAtOnce }, worker))
  } finally {
    isFailed = true
  }
}
