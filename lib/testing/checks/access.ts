import { randomUUID } from 'node:crypto'
import type { MappingRules } from '../../mapping/types.js'
import {
  type AccessRecord,
  type AccessStore,
  type Adapters,
  storeErrorKind,
  type User,
} from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectStoreError, expectThat, rejection } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { changed, createGroup, createUser, instant, writeOf } from '../subject.js'
import { accessOf, fanOutAll, pendingIds } from './work.js'

interface AccessCheck {
  readonly id: string
  readonly title: string
  /** What the store must have; otherwise the check is skipped. */
  readonly needs?: (access: AccessStore) => boolean
  readonly run: (context: CheckContext & { readonly access: AccessStore }) => Promise<void>
}

const someRules: MappingRules = {
  roles_groups: [['Manager', `Leads "é"`]],
  workspaces_groups: [['Photos', 'Team']],
  projects_groups: [{ project_id: 7, group: 'Team', role: 'Inherit' }],
}
const otherRules: MappingRules = { ...someRules, roles_groups: [] }
const noRules: MappingRules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }

const rules: readonly AccessCheck[] = [
  {
    id: 'access.rules',
    title: 'keeps rules with a version, which an editor must name to replace them',
    async run({ access, scope, otherScope }) {
      expectEqual(await access.rules(scope), { rules: noRules, version: '0' }, 'rules at first')
      const first = await access.saveRules(scope, someRules, save('0'))
      expectEqual(first.rules, someRules, 'saved rules')
      await expectStoreError(
        'versionMismatch',
        () => access.saveRules(scope, otherRules, save('0')),
        'saveRules with an old version',
      )
      expectEqual(await access.rules(scope), first, 'rules afterwards')
      const second = await access.saveRules(scope, otherRules, save(first.version))
      expectThat(second.version !== first.version, 'The version must change')
      expectEqual(await access.rules(scope), second, 'rules after the second change')
      await expectStoreError(
        'versionMismatch',
        () => access.saveRules(scope, someRules, save('no version')),
        'saveRules with no version',
      )
      expectEqual(await access.rules(otherScope), { rules: noRules, version: '0' }, 'others')
    },
  },
  {
    id: 'access.rules.none',
    title: 'tells whether there ever was a rule: it stores no empty rules over none',
    async run({ access, scope }) {
      const none = { rules: noRules, version: '0' }
      expectEqual(await access.saveRules(scope, noRules, save('0')), none, 'none over none')
      expectEqual(await access.rules(scope), none, 'rules afterwards')
      const { version } = await access.saveRules(scope, someRules, save('0'))
      await expectStoreError(
        'versionMismatch',
        () => access.saveRules(scope, noRules, save('0')),
        'saveRules without rules, with an old version',
      )
      await access.saveRules(scope, noRules, save(version))
      const after = await access.rules(scope)
      expectEqual(after.rules, noRules, 'rules once they are deleted')
      expectThat(after.version !== '0', 'The version of deleted rules must not be 0')
    },
  },
  {
    id: 'access.rules.race',
    title: 'lets exactly one of ten editors with the same version win',
    async run({ access, scope }) {
      const errors = await Promise.all(
        Array.from({ length: 10 }, () =>
          rejection(() => access.saveRules(scope, someRules, save('0'))),
        ),
      )
      expectEqual(errors.filter((error) => error === undefined).length, 1, 'editors that saved')
      const others = errors.filter(
        (error) => error !== undefined && storeErrorKind(error) !== 'versionMismatch',
      )
      expectEqual(others.map(String), [], 'other failures')
    },
  },
  {
    id: 'access.rules.audit',
    title: 'stores audit entries with the rules they tell of',
    async run({ access, adapters, scope }) {
      const { tenant, actor, requestId } = scope
      const facts = { at: instant(), tenant, actor, requestId }
      const audit = [{ ...facts, event: 'rules.saved', outcome: 'succeeded' } as const]
      await access.saveRules(scope, someRules, { ...save('0'), audit })
      await rejection(() => access.saveRules(scope, someRules, { ...save('0'), audit }))
      const logged = (await adapters.audit?.query(scope, { limit: 10 })) ?? []
      expectEqual(logged.length, adapters.audit ? 1 : 0, 'entries')
    },
  },
  {
    id: 'access.fanOut',
    title: 'marks the users of affected groups, also of nested ones, in steps, and nobody else',
    async run(context) {
      const { access, scope } = context
      const users: string[] = []
      for (let index = 0; index < 7; index += 1) users.push((await createUser(context)).id)
      const inner = await createGroup(context, users.slice(0, 3))
      const outer = await createGroup(context, [inner.id, ...users.slice(3, 6)])
      await fanOutAll(context)
      const affects = [outer.displayName]
      await access.saveRules(scope, someRules, { expectedVersion: '0', affects })
      expectEqual((await access.summary(scope)).fanningOut, 6, 'people still to be marked')
      const due = await access.nextDue()
      expectThat(due !== undefined && due <= 0, 'nextDue: a fan-out must count as due now')
      const first = await access.fanOut(2)
      expectThat(first > 0 && first <= 2, `A step of 2 must make 1 or 2 marks, not ${first}`)
      expectEqual((await pendingIds(context)).length, first, 'pending users after a step')
      await fanOutAll(context)
      expectEqual(await pendingIds(context), users.slice(0, 6).sort(), 'pending users')
      expectEqual((await access.summary(scope)).fanningOut, 0, 'people still to be marked')
    },
  },
  {
    id: 'access.fanOut.everybody',
    title: 'marks every user of the tenant, and of no other one',
    async run(context) {
      const { access, scope, otherScope } = context
      const ids: string[] = []
      for (let index = 0; index < 5; index += 1) ids.push((await createUser(context)).id)
      await createUser({ ...context, scope: otherScope })
      const affects = 'everybody'
      await access.saveRules(scope, someRules, { expectedVersion: '0', affects })
      await fanOutAll(context)
      expectEqual(await pendingIds(context), ids.sort(), 'pending users')
      expectEqual(await pendingIds({ ...context, scope: otherScope }), [], 'others')
    },
  },
  {
    id: 'access.resolve',
    title: 'resolves access from saved rules and present groups',
    async run(context) {
      const { access, adapters, scope } = context
      const user = await createUser(context)
      const team = await createGroup(context, [user.id], { displayName: 'Team' })
      await createGroup(context, [team.id], { displayName: `Leads "é"` })
      await access.saveRules(scope, someRules, save('0'))
      const found = await adapters.groups.resolveAccess(scope, user)
      const { active, role, workspaces, projects } = found
      expectEqual(
        { active, role, workspaces, projects },
        {
          active: true,
          role: 'Manager',
          workspaces: ['Photos'],
          projects: [{ projectId: 7, role: 'Inherit' }],
        },
        'access',
      )
      const inactive = await adapters.groups.resolveAccess(scope, { ...user, active: false })
      expectEqual(inactive.active, false, 'active of somebody inactive')
      const nobody = await createUser(context)
      const people = [nobody, user, { ...user, active: false }]
      const several = await adapters.groups.resolveAccessOf?.(scope, people)
      if (several === undefined) return
      const each = people.map((person) => adapters.groups.resolveAccess(scope, person))
      expectEqual(several, await Promise.all(each), 'access of several people at once')
    },
  },
  {
    id: 'access.personByAccount',
    title: 'finds a person by their account, with what decides about them at that moment',
    async run(context) {
      const { access, adapters, scope } = context
      const { groups, users } = adapters
      if (!groups.personByAccount) return
      const user = await createUser(context)
      const compare = (when: string) => comparePerson(context, user.id, when)
      await compare('without a record')
      const account = { id: '7', origin: 'created' } as const
      await access.saveRecord(scope, recordOf(user.id, { account }))
      await compare('without groups')
      const team = await createGroup(context, [user.id], { displayName: 'Team' })
      await access.saveRules(scope, someRules, save('0'))
      await compare('in a group with rules')
      const leads = await createGroup(context, [team.id], { displayName: `Leads "é"` })
      await compare('in a group around that')
      await groups.delete(scope, leads.id, {})
      await compare('without the group around that')
      const next = changed(user, { active: false }) as User
      const { version: expectedVersion } = user.meta
      await users.replace(scope, next, { ...writeOf(next), expectedVersion })
      await compare('who is inactive')
      await users.delete(scope, user.id, {})
      await compare('who was deleted')
    },
  },
]

/** Compares the person with account 7 with what is read one after the other. */
async function comparePerson(
  { access, adapters, scope, otherScope }: CheckContext & { readonly access: AccessStore },
  userId: string,
  when: string,
): Promise<void> {
  const { groups, users } = adapters
  const record = await access.recordByAccount(scope, '7')
  const user = await users.get(scope, userId, omitNothing)
  const found = user && { user, access: await groups.resolveAccess(scope, user) }
  const person = await groups.personByAccount?.(scope, '7')
  expectEqual(person, record && { record, ...found }, `a person ${when}`)
  const other = await groups.personByAccount?.(otherScope, '7')
  expectEqual(other, undefined, 'a person of another tenant')
}

const records: readonly AccessCheck[] = [
  {
    id: 'access.records',
    title: 'keeps one record for each user, found by user, and by pages in order of user id',
    async run({ access, scope, otherScope }) {
      const ids = ['b', 'a', 'c'].map((letter) => `${letter}-${randomUUID()}`)
      for (const id of ids) await access.saveRecord(scope, recordOf(id))
      const [id = ''] = ids
      const changed = { ...recordOf(id), hadRole: true, notes: ['note'] }
      await access.saveRecord(scope, changed)
      expectEqual(await access.getRecord(scope, id), changed, 'the changed record')
      expectEqual(await access.getRecord(scope, 'unknown'), undefined, 'an unknown record')
      expectEqual(await access.getRecord(otherScope, id), undefined, 'another tenant’s record')
      const several = await access.getRecords(scope, [id, 'unknown'])
      expectEqual(several, [changed], 'several records')
      const sorted = [...ids].sort()
      const first = await access.listRecords(scope, { limit: 2 })
      expectEqual(
        first.map(({ userId }) => userId),
        sorted.slice(0, 2),
        'the first page',
      )
      const afterUserId = sorted[1] ?? ''
      const second = await access.listRecords(scope, { afterUserId, limit: 2 })
      expectEqual(
        second.map(({ userId }) => userId),
        sorted.slice(2),
        'the second page',
      )
      await access.deleteRecord(scope, id)
      await access.deleteRecord(scope, 'unknown')
      expectEqual(await access.getRecord(scope, id), undefined, 'the deleted record')
    },
  },
  {
    id: 'access.records.role',
    title: 'notes that a rule gave people a role, and never takes that back',
    async run({ access, scope, otherScope }) {
      const account = { id: randomUUID(), origin: 'created' } as const
      const linked = recordOf('one', { account, notes: ['note'] })
      await access.saveRecord(scope, linked)
      await access.saveRecord(otherScope, recordOf('one'))
      await access.saveRecord(scope, recordOf('bystander'))
      if (access.noteRole) {
        await access.noteRole(scope, [])
        await access.noteRole(scope, ['one', 'two', 'one'])
      } else await access.saveRecord(scope, { ...linked, hadRole: true })
      expectEqual(await access.getRecord(scope, 'one'), { ...linked, hadRole: true }, 'the record')
      // An editor that read the record earlier does not know that a role was noted.
      await access.saveRecord(scope, linked)
      const [again] = await access.getRecords(scope, ['one'])
      expectEqual(again?.hadRole, true, '"hadRole" when an older state of the record is saved')
      const hadRole = async (id: string, where = scope) =>
        (await access.getRecord(where, id))?.hadRole
      expectEqual(await hadRole('bystander'), false, '"hadRole" of somebody else')
      expectEqual(await hadRole('one', otherScope), false, '"hadRole" in another tenant')
      if (!access.noteRole) return
      const { at: _, ...made } = (await access.getRecord(scope, 'two')) ?? { at: '' }
      const { at: __, ...wanted } = recordOf('two', { hadRole: true })
      expectEqual(made, wanted, 'the record of somebody who had none')
    },
  },
  {
    id: 'access.records.account',
    title: 'links an account to one user at a time, and finds the record by the account',
    async run({ access, scope, otherScope }) {
      const linked = recordOf('one', { account: { id: '7', origin: 'created' } })
      await access.saveRecord(scope, linked)
      await access.saveRecord(otherScope, { ...linked, userId: 'theirs' })
      expectEqual(await access.recordByAccount(scope, '7'), linked, 'the record by account')
      expectEqual(await access.recordByAccount(scope, '8'), undefined, 'an unknown account')
      await expectStoreError(
        'uniqueness',
        () => access.saveRecord(scope, { ...linked, userId: 'two' }),
        'saveRecord with a linked account',
      )
      expectEqual(await access.getRecord(scope, 'two'), undefined, 'the refused record')
      await access.saveRecord(scope, recordOf('one'))
      expectEqual(await access.recordByAccount(scope, '7'), undefined, 'the unlinked account')
      await access.saveRecord(scope, { ...linked, userId: 'two' })
    },
  },
  {
    id: 'access.records.email',
    title: 'finds records by the person’s e-mail address, and by that of the account',
    async run({ access, scope, otherScope }) {
      const account = { id: randomUUID(), origin: 'created', email: 'a@example.com' } as const
      await access.saveRecord(scope, recordOf('one', { email: 'a@example.com', account }))
      await access.saveRecord(scope, recordOf('two', { account: { ...account, id: 'x' } }))
      await access.saveRecord(scope, recordOf('three', { email: 'b@example.com' }))
      const find = async (email: string, where = scope) =>
        (await access.recordsByEmail(where, email)).map(({ userId }) => userId).sort()
      expectEqual(await find('a@example.com'), ['one', 'two'], 'of an address')
      expectEqual(await find('c@example.com'), [], 'of an unknown address')
      expectEqual(await find('a@example.com', otherScope), [], 'of another tenant')
    },
  },
]

const values: readonly AccessCheck[] = [
  {
    id: 'access.values',
    title: 'keeps named values of each tenant, until they are removed',
    async run({ access, scope, otherScope }) {
      expectEqual(await access.getValue(scope, 'name'), undefined, 'a value never set')
      await access.setValue(scope, 'name', 'one')
      await access.setValue(scope, 'name', 'two')
      expectEqual(await access.getValue(scope, 'name'), 'two', 'the value')
      expectEqual(await access.getValue(otherScope, 'name'), undefined, 'of another tenant')
      await access.setValue(scope, 'name', undefined)
      await access.setValue(scope, 'none', undefined)
      expectEqual(await access.getValue(scope, 'name'), undefined, 'a value that was removed')
    },
  },
  {
    id: 'access.values.several',
    title: 'stores thousands of named values, also over earlier ones',
    needs: ({ setValues }) => setValues !== undefined,
    async run({ access, scope, otherScope }) {
      const names = Array.from({ length: 2_100 }, (_, index) => `name ${index}`)
      await access.setValue(scope, 'name 7', 'before')
      await access.setValue(scope, 'other', 'kept')
      await access.setValues?.(scope, new Map())
      await access.setValues?.(scope, new Map(names.map((name) => [name, `"é" ${name}`])))
      for (const name of ['name 0', 'name 7', 'name 1099', 'name 2099']) {
        expectEqual(await access.getValue(scope, name), `"é" ${name}`, `the value of "${name}"`)
      }
      expectEqual(await access.getValue(scope, 'other'), 'kept', 'a value that was not given')
      expectEqual(await access.getValue(otherScope, 'name 7'), undefined, 'of another tenant')
    },
  },
]

/** Mapping rules, the ledger and named values. */
export const accessChecks: readonly Check[] = [...rules, ...records, ...values].map(
  ({ run, needs = () => true, ...parts }) => ({
    ...parts,
    level: 'MUST',
    section: `AccessStore.${parts.id.split('.')[1]}`,
    appliesTo: ({ access }: Adapters) => access !== undefined && needs(access),
    run: (context) => run({ ...context, access: accessOf(context) }),
  }),
)

function save(expectedVersion: string) {
  return { expectedVersion, affects: [] }
}

function recordOf(userId: string, more: Partial<AccessRecord> = {}): AccessRecord {
  return { userId, applied: [], deferred: [], notes: [], hadRole: false, at: instant(), ...more }
}
