import type { Adapters } from '../stores/adapters.js'
import type { AccountIdentity } from '../stores/gate-policy.js'
import { maxRefusals, type RefusalCount } from '../stores/refusal-store.js'
import type { Scope } from '../stores/scope.js'

/** A request that a policy would refuse. */
export interface SeenRefusal {
  /** RFC 3339. */
  readonly at: string
  readonly identity: AccountIdentity
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly reason: string
}

/** Returns the SCIM id of a person, if there is one. */
export type PersonOf = (scope: Scope, identity: AccountIdentity) => Promise<string | undefined>

/**
 * Collects the requests that a policy in report mode would refuse, and counts them in the store.
 */
export interface RefusalRecorder {
  add(scope: Omit<Scope, 'signal'>, refusal: SeenRefusal): void
  /** Resolves when everything so far has been stored, or storing it has failed. */
  flush(): Promise<void>
}

/** What `refusalRecorder` needs besides the adapters. */
export interface RecorderTools {
  readonly personOf: PersonOf
  readonly onError: (error: unknown) => void
}

const delayMs = 1_000
const timeoutMs = 10_000
const maxPathLength = 300

interface Batch {
  readonly scope: Omit<Scope, 'signal'>
  readonly counts: Map<string, SeenRefusal & { count: number }>
}

/**
 * A recorder that writes once a second, so that heavy traffic causes few writes. Between two writes
 * it keeps at most a thousand kinds of refusals per tenant. A failed write loses its counts.
 *
 * @returns `undefined` when the adapters have no store of refusals
 */
export function refusalRecorder(
  { refusals: store }: Pick<Adapters, 'refusals'>,
  { personOf, onError }: RecorderTools,
): RefusalRecorder | undefined {
  if (!store) return undefined
  const batches = new Map<string, Batch>()
  let timer: NodeJS.Timeout | undefined

  async function write({ scope: caller, counts }: Batch): Promise<void> {
    const scope = { ...caller, signal: AbortSignal.timeout(timeoutMs) }
    const seen: RefusalCount[] = []
    for (const { identity, ...refusal } of counts.values()) {
      const id = await personOf(scope, identity)
      const person = id ?? identity.email ?? String(identity.accountId ?? 'nobody signed in')
      seen.push({ ...refusal, person })
    }
    await store?.add(scope, seen)
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const all = [...batches.values()]
    batches.clear()
    for (const batch of all) await write(batch).catch(onError)
  }

  return {
    add({ tenant, actor, requestId }, refusal) {
      const batch = batches.get(tenant) ?? {
        scope: { tenant, actor, requestId },
        counts: new Map(),
      }
      batches.set(tenant, batch)
      count(batch, refusal)
      timer ??= setTimeout(() => void flush(), delayMs).unref()
    },
    flush,
  }
}

function count({ counts }: Batch, refusal: SeenRefusal): void {
  const path = refusal.path.slice(0, maxPathLength)
  const { identity, method } = refusal
  const key = JSON.stringify([identity.accountId ?? identity.email, method, path])
  const known = counts.get(key)
  if (!known && counts.size >= maxRefusals) return
  counts.set(key, { ...refusal, path, count: (known?.count ?? 0) + 1 })
}
