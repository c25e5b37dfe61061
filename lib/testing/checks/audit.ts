import type { AuditEntry } from '../../events/catalogue.js'
import type { AccessStore, Adapters, AuditQuery, AuditStore, Scope } from '../../stores/index.js'
import { expectEqual, expectThat } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { fullEntry, fullRecord, fullRules, fullToken } from '../samples.js'
import { instant } from '../subject.js'
import { owner } from '../tidy.js'
import { claimAll, markNew } from './work.js'

/** The audit log. */
export const auditChecks: readonly Check[] = [
  {
    id: 'audit.order',
    title: 'returns entries as they were appended, newest first, page by page',
    async run(context: CheckContext) {
      const { audit, scope, otherScope } = withAudit(context)
      // The order is that of appending: clocks of instances differ.
      const entries = [entry(2), entry(0), entry(3), entry(1)]
      await audit.append(scope, entries.slice(0, 3))
      await audit.append(otherScope, [entry(9)])
      await audit.append(scope, entries.slice(3))
      await audit.append(scope, [])
      const first = await audit.query(scope, { limit: 3 })
      expectEqual(first.map(withoutSequence), entries.slice(1).reverse(), 'the first page')
      const before = first.at(-1)?.sequence ?? 0
      const second = await audit.query(scope, { limit: 3, before })
      expectEqual(second.map(withoutSequence), entries.slice(0, 1), 'the second page')
      expectThat((second[0]?.sequence ?? before) < before, 'Sequence numbers must grow')
    },
  },
  {
    id: 'audit.filter',
    title: 'finds entries by event, actor, target, outcome and time',
    async run(context: CheckContext) {
      const { audit, scope } = withAudit(context)
      const target = { resourceType: 'User', id: 'target' }
      await audit.append(scope, [
        entry(0),
        entry(1, { event: 'user.deleted', target }),
        entry(2, { actor: "it's" }),
        entry(3, { outcome: 'refused', status: 409, scimType: 'uniqueness' }),
      ])
      const cases: readonly [Partial<AuditQuery>, readonly number[]][] = [
        [{ event: 'user.deleted' }, [1]],
        [{ actor: "it's" }, [2]],
        [{ target: 'target' }, [1]],
        [{ outcome: 'refused' }, [3]],
        [{ from: instant(1), until: instant(3) }, [2, 1]],
        [{ event: 'user.created', outcome: 'succeeded' }, [2, 0]],
        [{ target: 'nobody' }, []],
      ]
      for (const [query, wanted] of cases) {
        const found = await audit.query(scope, { ...query, limit: 10 })
        const numbers = found.map(({ at }) => (Date.parse(at) - Date.parse(instant())) / 1)
        expectEqual(numbers, wanted, `entries found by ${JSON.stringify(query)}`)
      }
    },
  },
  {
    id: 'audit.ways',
    title: 'keeps every field of entries that come with rules, tokens, workspaces and claims',
    async run(context: CheckContext) {
      const { audit, scope } = withAudit(context)
      const full = fullEntry(scope.tenant)
      for (const way of waysToLog(context, [full])) {
        await way()
        const [logged] = await audit.query(scope, { limit: 1 })
        expectEqual(logged && withoutSequence(logged), full, `the entry of ${way.name}`)
        await audit.append(scope, [entry(0)])
      }
    },
  },
].map((check) => ({
  ...check,
  level: 'MUST',
  section: 'AuditStore',
  appliesTo: ({ audit }: Adapters) => audit !== undefined,
}))

/** The methods that log with what they store, by the names of these functions. */
function waysToLog(
  { adapters, scope }: CheckContext,
  entries: readonly AuditEntry[],
): readonly (() => Promise<unknown>)[] {
  const { access, tokens, workspaceStore } = adapters
  const { digest, id, ...token } = fullToken('8')
  const workspace = { id: 'workspace', title: 'title' }
  const finish = access?.finish && (() => finishWith(access, scope, entries))
  const ofAccess = access && {
    saveRules: () =>
      access.saveRules(scope, fullRules(), { expectedVersion: '0', affects: [], audit: entries }),
    ...(finish && { finish }),
  }
  const ofTokens = tokens && {
    createToken: () => tokens.create(scope, { ...token, id, digest }, entries),
    changeToken: () => tokens.change(scope, { id, name: 'changed' }, entries),
    deleteToken: () => tokens.delete(scope, id, entries),
  }
  const ofWorkspaces = workspaceStore && {
    createWorkspace: () => workspaceStore.create(scope, workspace, entries),
    renameWorkspace: () => workspaceStore.rename(scope, { ...workspace, title: 'x' }, entries),
    putProjects: () => workspaceStore.putProjects(scope, workspace.id, [7], entries),
    removeProjects: () => workspaceStore.removeProjects(scope, [7], entries),
    deleteWorkspace: () => workspaceStore.delete(scope, workspace.id, entries),
  }
  return Object.values({ ...ofAccess, ...ofTokens, ...ofWorkspaces })
}

async function finishWith(
  access: AccessStore,
  scope: Scope,
  audit: readonly AuditEntry[],
): Promise<void> {
  const [userId = ''] = await markNew({ access, scope }, 1)
  const [claimed] = await claimAll({ access, scope }, [userId])
  if (!claimed) throw new Error('The person who was marked cannot be claimed.')
  const record = fullRecord(userId)
  await access.finish?.(scope, [{ owner, entry: claimed, record, audit }])
  expectEqual(await access.getRecord(scope, userId), record, 'the record that finish stored')
}

function withAudit({ adapters, scope, otherScope }: CheckContext) {
  return { audit: adapters.audit as AuditStore, scope, otherScope }
}

function entry(milliseconds: number, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: instant(milliseconds),
    event: 'user.created',
    tenant: 'tenant',
    actor: 'actor',
    requestId: 'request',
    outcome: 'succeeded',
    attributes: ['userName'],
    ...more,
  }
}

function withoutSequence({ sequence: _, ...rest }: AuditEntry & { sequence: number }) {
  return rest
}
