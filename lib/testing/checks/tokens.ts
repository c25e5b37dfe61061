import { randomUUID } from 'node:crypto'
import type { AuditEntry } from '../../events/catalogue.js'
import {
  type Adapters,
  maxTokenUses,
  type Scope,
  type StoredToken,
  type TokenStore,
} from '../../stores/index.js'
import { expectEqual, expectStoreError, expectThat } from '../assert.js'
import type { Check, CheckContext } from '../check.js'

type Run = (context: CheckContext & { readonly store: TokenStore }) => Promise<void>

const parts: readonly { readonly id: string; readonly title: string; readonly run: Run }[] = [
  {
    id: 'tokens.find',
    title: 'finds a token of any tenant by its digest, and none that was deleted',
    async run({ store, scope, otherScope }) {
      const [one, other] = [aToken(0), aToken(1)]
      await store.create(scope, one)
      await store.create(otherScope, other)
      expectEqual(await store.find(one.digest), { ...one, tenant: scope.tenant }, 'found')
      expectEqual((await store.find(other.digest))?.tenant, otherScope.tenant, 'tenant of another')
      expectEqual(await store.find(one.id), undefined, 'by anything else')
      expectThat(!(await store.delete(otherScope, one.id)), 'others cannot delete it')
      expectThat(await store.delete(scope, one.id), 'delete says true')
      expectThat(!(await store.delete(scope, one.id)), 'the second time, false')
      expectEqual(await store.find(one.digest), undefined, 'after it was deleted')
    },
  },
  {
    id: 'tokens.change',
    title: 'lists the tokens of a tenant, oldest first, and changes what is given alone',
    async run({ store, scope, otherScope }) {
      const [older, newer] = [aToken(0), aToken(1, { expiresAt: at(9) })]
      for (const token of [newer, older]) await store.create(scope, token)
      await expectStoreError('uniqueness', () => store.create(scope, older), 'create it again')
      expectEqual(await store.list(scope), [older, newer], 'tokens')
      expectEqual(await store.list(otherScope), [], 'tokens of others')
      const rename = { id: newer.id, name: 'renamed' }
      expectThat(!(await store.change(otherScope, rename)), 'others cannot change it')
      expectThat(await store.change(scope, rename), 'change says true')
      const ends = { id: older.id, expiresAt: at(5), replacedBy: newer.id }
      await store.change(scope, ends)
      const wanted = [
        { ...older, ...ends },
        { ...newer, name: 'renamed' },
      ]
      expectEqual(await store.list(scope), wanted, 'tokens afterwards')
    },
  },
  {
    id: 'tokens.audit',
    title: 'logs what has changed, and nothing of what has not',
    async run({ store, scope, adapters }) {
      const token = aToken(0)
      await store.create(scope, token, [entry(scope, 'token.created')])
      await store.delete(scope, 'none', [entry(scope, 'token.revoked')])
      await store.change(scope, { id: 'none', name: 'x' }, [entry(scope, 'token.changed')])
      const logged = await adapters.audit?.query(scope, { limit: 10 })
      if (logged)
        expectEqual(
          logged.map(({ event }) => event),
          ['token.created'],
          'events',
        )
    },
  },
  {
    id: 'tokens.uses',
    title: 'remembers the last use of each token, and of the newest two hundred',
    async run({ store, scope, otherScope }) {
      await store.noteUse(scope, { token: 'a', at: at(2) })
      await store.noteUse(scope, { token: 'a', at: at(1) })
      await store.noteUse(scope, { token: 'b', at: at(3) })
      await store.noteUse(otherScope, { token: 'c', at: at(3) })
      const [a, b] = [
        { token: 'a', at: at(2) },
        { token: 'b', at: at(3) },
      ]
      expectEqual(await store.listUses(scope), [b, a], 'uses')
      for (let index = 0; index < maxTokenUses; index += 1) {
        await store.noteUse(scope, { token: `t${index}`, at: at(10 + index) })
      }
      const kept = await store.listUses(scope)
      expectEqual(kept.length, maxTokenUses, 'how many are kept')
      expectEqual(kept[0]?.token, `t${maxTokenUses - 1}`, 'the last')
    },
  },
]

/** Bearer tokens that administrators make. */
export const tokenChecks: readonly Check[] = parts.map(({ id, title, run }) => ({
  id,
  title,
  level: 'MUST',
  section: 'TokenStore',
  appliesTo: ({ tokens }: Adapters) => tokens !== undefined,
  run: (context) => run({ ...context, store: context.adapters.tokens as TokenStore }),
}))

function at(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 31) + seconds * 1000).toISOString()
}

function aToken(seconds: number, more: Partial<StoredToken> = {}): StoredToken {
  const digest = randomUUID().replaceAll('-', '').repeat(2)
  const made = { createdAt: at(seconds), createdBy: 'root' }
  return { id: randomUUID(), name: 'okta', digest, ...made, ...more }
}

function entry({ tenant, actor, requestId }: Scope, event: AuditEntry['event']): AuditEntry {
  return { at: at(0), event, tenant, actor, requestId, outcome: 'succeeded' }
}
