import { randomUUID } from 'node:crypto'
import type { AccessStore, PendingUser } from '../../stores/index.js'
import type { CheckContext } from '../check.js'
import { owner } from '../tidy.js'

/** The access store of adapters that have one. */
export function accessOf({ adapters }: Pick<CheckContext, 'adapters'>): AccessStore {
  if (adapters.access === undefined) throw new Error('There is no access store.')
  return adapters.access
}

/** Waits up to ten seconds for an entry that can be claimed. */
export async function claimLater(
  context: Parameters<typeof claim>[0],
  options: Parameters<typeof claim>[1] = {},
): Promise<readonly PendingUser[]> {
  const until = performance.now() + 10_000
  for (;;) {
    const claimed = await claim(context, options)
    if (claimed.length > 0 || performance.now() >= until) return claimed
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** What calls of the queue need. */
export interface AccessContext {
  readonly access: AccessStore
  readonly scope: CheckContext['scope']
}

/** Claims for the tenant, one entry unless told otherwise. */
export function claim(
  { access, scope }: AccessContext,
  options: Partial<Parameters<AccessStore['claim']>[0]>,
): Promise<readonly PendingUser[]> {
  const { tenant } = scope
  return access.claim({ owner, limit: 1, leaseMs: 60_000, tenant, ...options })
}

/** Claims all entries of these people. */
export function claimAll(
  context: AccessContext,
  userIds: readonly string[],
): Promise<readonly PendingUser[]> {
  return claim(context, { limit: userIds.length, userIds })
}

/** Marks new people. */
export async function markNew(context: AccessContext, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  await context.access.mark(context.scope, ids)
  return ids
}

/** Marks people of whom each has been pending for longer than the next. */
export async function markOneByOne(
  context: AccessContext,
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index += 1) {
    ids.push(...(await markNew(context, 1)))
    await nextMillisecond()
  }
  return ids
}

async function nextMillisecond(): Promise<void> {
  const now = Date.now()
  while (Date.now() === now) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Carries out all unfinished fan-outs. */
export async function fanOutAll(context: Pick<CheckContext, 'adapters'>): Promise<number> {
  const access = accessOf(context)
  let marks = 0
  for (;;) {
    const made = await access.fanOut(100)
    if (made === 0) return marks
    marks += made
  }
}

/** Sorted ids of the pending users of a tenant. */
export async function pendingIds(
  context: Pick<CheckContext, 'adapters' | 'scope'>,
): Promise<readonly string[]> {
  const page = { offset: 0, limit: 1000 }
  const entries = await accessOf(context).listPending(context.scope, page)
  return entries.map(({ userId }) => userId).sort()
}
