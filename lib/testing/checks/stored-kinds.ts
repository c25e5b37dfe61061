import type {
  AccessStore,
  Adapters,
  AuditStore,
  PendingUser,
  RefusalCount,
  RefusalStore,
  StoredToken,
  TokenStore,
  TokenUse,
  UnplacedProject,
  Workspace,
  WorkspaceStore,
} from '../../stores/index.js'
import { expectEqual } from '../assert.js'
import type { CheckContext } from '../check.js'
import {
  droppedNames,
  entries,
  type Full,
  fullRecord,
  fullRules,
  fullToken,
  leastOf,
  longText,
  records,
  text,
} from '../samples.js'
import { instant } from '../subject.js'
import { owner } from '../tidy.js'

/** Something that is stored, other than a resource. */
interface StoredKind {
  readonly id: string
  readonly section: string
  /** As a plural. */
  readonly what: string
  appliesTo(adapters: Adapters): boolean
  /** Stores samples in a tenant, and compares what is read. Called for two tenants. */
  run(context: CheckContext): Promise<void>
}

/** What stores keep of each tenant, with samples in which every field of the type has a value. */
export const storedKinds: readonly StoredKind[] = [
  ofAccess('access.records.fields', 'the records of people', expectRecords),
  ofAccess('access.rules.fields', 'mapping rules', async ({ scope }, access) => {
    const rules = fullRules()
    const { version: expectedVersion } = await access.rules(scope)
    const saved = await access.saveRules(scope, rules, { expectedVersion, affects: [] })
    expectEqual(saved.rules, rules, 'what saveRules returned')
    expectEqual(await access.rules(scope), saved, 'what rules returned')
  }),
  ofAccess('access.values.fields', 'named values', async ({ scope }, access) => {
    const values = ['', ' ', 'null', text('value'), longText('value')]
    const named = (index: number) => `${text('name')}${index}`
    for (const [index, value] of values.entries()) {
      await access.setValue(scope, named(index), value)
    }
    const found = await Promise.all(values.map((_, index) => access.getValue(scope, named(index))))
    expectEqual(found, values, 'what getValue returned')
  }),
  ofAccess('pending.fields', 'pending entries', expectPending),
  {
    ...ofAccess('access.passedOver.fields', 'names that were dropped', expectDropped),
    appliesTo: ({ access }) => access?.countPassedOver !== undefined,
  },
  {
    id: 'audit.fields',
    section: 'AuditStore',
    what: 'log entries',
    appliesTo: ({ audit }) => audit !== undefined,
    async run({ adapters, scope }) {
      const audit = adapters.audit as AuditStore
      const all = entries(scope.tenant)
      await audit.append(scope, all)
      const found = await audit.query(scope, { limit: 2 * all.length })
      const told = found.map(({ sequence: _, ...entry }) => entry)
      expectEqual(told, all.toReversed(), 'what query returned')
    },
  },
  {
    id: 'tokens.fields',
    section: 'TokenStore',
    what: 'tokens, also of expired ones',
    appliesTo: ({ tokens }) => tokens !== undefined,
    run: expectTokens,
  },
  {
    id: 'workspaces.fields',
    section: 'WorkspaceStore',
    what: 'workspaces',
    appliesTo: ({ workspaceStore }) => workspaceStore !== undefined,
    run: expectWorkspaces,
  },
  {
    id: 'refusals.fields',
    section: 'RefusalStore',
    what: 'refusals',
    appliesTo: ({ refusals }) => refusals !== undefined,
    async run({ adapters, scope }) {
      const refusals = adapters.refusals as RefusalStore
      const seen: Full<RefusalCount> = {
        person: text('person'),
        method: 'DELETE',
        path: `/${text('path')}`,
        reason: longText('reason'),
        count: 12,
        at: instant(123),
      }
      await refusals.add(scope, [seen])
      expectEqual(await refusals.list(scope, { since: instant() }), [seen], 'what list returned')
    },
  },
]

function ofAccess(
  id: string,
  what: string,
  run: (context: CheckContext, access: AccessStore) => Promise<void>,
): StoredKind {
  return {
    id,
    section: 'AccessStore',
    what,
    appliesTo: ({ access }) => access !== undefined,
    run: (context) => run(context, context.adapters.access as AccessStore),
  }
}

async function expectRecords({ scope }: CheckContext, access: AccessStore): Promise<void> {
  const all = records().toSorted((a, b) => (a.userId < b.userId ? -1 : 1))
  // In another order than they are listed in, and first with other contents.
  for (const { userId } of all.toReversed()) {
    const account = { ...fullRecord(userId).account, id: `was ${userId}` }
    await access.saveRecord(scope, { ...fullRecord(userId), account, hadRole: false })
  }
  for (const record of all) await access.saveRecord(scope, record)
  const listed = await access.listRecords(scope, { limit: 2 * all.length })
  expectEqual(listed, all, 'what listRecords returned')
  const ids = all.map(({ userId }) => userId)
  const several = await access.getRecords(scope, ids)
  expectEqual(
    several.toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    all,
    'what getRecords returned',
  )
  for (const record of all) {
    const { userId, account, email } = record
    expectEqual(await access.getRecord(scope, userId), record, 'what getRecord returned')
    if (account) {
      const found = await access.recordByAccount(scope, account.id)
      expectEqual(found, record, 'what recordByAccount returned')
    }
    for (const address of [email, account?.email].filter((each) => each !== undefined)) {
      const found = await access.recordsByEmail(scope, address)
      expectEqual(found, [record], 'what recordsByEmail returned')
    }
  }
}

async function expectPending({ scope }: CheckContext, access: AccessStore): Promise<void> {
  const { tenant } = scope
  const userId = text('user')
  const error = longText('error')
  await access.mark(scope, [userId])
  const claim = async () => {
    const options = { owner, limit: 1, leaseMs: 60_000, tenant, userIds: [userId] }
    return (await access.claim(options))[0] as PendingUser
  }
  const entry = await claim()
  await access.settle(owner, entry, { kind: 'retry', afterMs: 60_000, error })
  const found = async (failed: boolean) => ({
    pendingOf: await access.pendingOf(scope, [userId]),
    listPending: await access.listPending(scope, { offset: 0, limit: 10, failed }),
  })
  const told = { tenant, userId, since: entry.since, mark: entry.mark, lastError: error }
  for (const [way, all] of Object.entries(await found(false))) {
    const { nextAt: _, ...kept } = all[0] ?? { nextAt: '' }
    expectEqual(kept, { ...told, attempts: 1, failed: false }, `what ${way} returned of a retry`)
  }
  await access.settle(owner, await claim(), { kind: 'failed', error })
  for (const [way, all] of Object.entries(await found(true))) {
    const { nextAt: _, attempts: __, ...kept } = all[0] ?? { nextAt: '', attempts: 0 }
    expectEqual(kept, { ...told, failed: true }, `what ${way} returned of a failure`)
  }
  const { lastError } = await access.summary(scope)
  expectEqual(lastError, { userId, message: error }, 'lastError of the summary')
}

async function expectDropped({ scope }: CheckContext, access: AccessStore): Promise<void> {
  const dropped = droppedNames()
  const seen = dropped.map((each, index) => ({ ...each, count: 3, at: instant(9 - index) }))
  const first = (await access.countPassedOver?.(scope, seen)) ?? []
  const told = ({ kind, name }: (typeof dropped)[number]) => ({ kind, name })
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  expectEqual(
    first.map(told).toSorted(byName),
    dropped.toSorted(byName),
    'what countPassedOver returned',
  )
  const again = await access.countPassedOver?.(scope, seen)
  expectEqual(again, [], 'what countPassedOver returned on the same day')
  const doubled = seen.map((each) => ({ ...each, count: 6 }))
  expectEqual(await access.listPassedOver?.(scope), doubled, 'what listPassedOver returned')
}

type FullTokens = [Full<StoredToken>, Full<StoredToken>, Full<StoredToken>]

async function expectTokens({ adapters, scope, otherScope }: CheckContext): Promise<void> {
  const tokens = adapters.tokens as TokenStore
  const digits = scope.tenant < otherScope.tenant ? ['1', '2', '3'] : ['4', '5', '6']
  const [full, changed, last] = digits.map(fullToken) as FullTokens
  const least = leastOf<StoredToken>(last, { expiresAt: true, replacedBy: true })
  const { id, name, expiresAt, replacedBy } = changed
  await tokens.create(scope, least)
  const { expiresAt: _, replacedBy: __, ...before } = changed
  await tokens.create(scope, { ...before, name: 'before' })
  await tokens.create(scope, full)
  await tokens.change(scope, { id, name, expiresAt, replacedBy })
  const all = [full, changed, least]
  expectEqual(await tokens.list(scope), all, 'what list returned')
  for (const token of all) {
    const wanted = { ...token, tenant: scope.tenant }
    expectEqual(await tokens.find(token.digest), wanted, 'what find returned')
  }
  const use: Full<TokenUse> = { token: text('token'), at: instant(123) }
  await tokens.noteUse(scope, use)
  expectEqual(await tokens.listUses(scope), [use], 'what listUses returned')
}

async function expectWorkspaces({ adapters, scope }: CheckContext): Promise<void> {
  const store = adapters.workspaceStore as WorkspaceStore
  const full: Full<Workspace> = {
    id: text('id'),
    title: text('title'),
    projectIds: [7, 12, 5_000_000],
  }
  const { id } = full
  await store.create(scope, { id, title: 'before' })
  await store.rename(scope, full)
  await store.putProjects(scope, id, full.projectIds.toReversed())
  expectEqual(await store.list(scope), [full], 'what list returned')
  const project: Full<UnplacedProject> = { projectId: 13, creatorId: text('person') }
  await store.noteCreator(scope, project)
  expectEqual(await store.listUnplaced(scope), [project], 'what listUnplaced returned')
}
