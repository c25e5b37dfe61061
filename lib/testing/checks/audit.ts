import type { AuditEntry } from '../../events/catalogue.js'
import type { Adapters, AuditQuery, AuditStore } from '../../stores/index.js'
import { expectEqual, expectThat } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { instant } from '../subject.js'

/** The audit log. */
export const auditChecks: readonly Check[] = [
  {
    id: 'audit.order',
    title: 'returns entries as they were appended, newest first, page by page',
    async run(context: CheckContext) {
      const { audit, scope, otherScope } = withAudit(context)
      const entries = [entry(0), entry(1), entry(2), entry(3)]
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
].map((check) => ({
  ...check,
  level: 'MUST',
  section: 'AuditStore',
  appliesTo: ({ audit }: Adapters) => audit !== undefined,
}))

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
