import { parseFilter } from '../../filter/parse.js'
import { resolveFilter } from '../../filter/resolve.js'
import type { Group, GroupReference, Query, Scope, User } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectIds } from '../assert.js'
import { always, type Check } from '../check.js'
import { createGroup, createUser, typeNamed } from '../subject.js'
import { idsLike } from './ids.js'
import { addMember, threeUsers } from './members.js'

const checks: readonly Omit<Check, 'level' | 'appliesTo'>[] = [
  {
    id: 'groupsOf',
    section: 'RFC 7643 §4.1.2; GroupStore.groupsOf',
    title: 'tells the groups of several people, direct and indirect, with name and externalId',
    async run(context) {
      const { adapters, scope } = context
      const [one, two, three] = await threeUsers(context)
      const inner = await createGroup(context, [one], { displayName: 'Inner', externalId: 'e' })
      const outer = await createGroup(context, [inner.id, two], { displayName: 'Outer' })
      const found = await adapters.groups.groupsOf(scope, [one, two, three, 'unknown'])
      const wanted = [reference(inner, true), reference(outer, false)]
      expectEqual([...(found.get(one) ?? [])].sort(byId), wanted.sort(byId), 'of the first')
      expectEqual(found.get(two), [reference(outer, true)], 'of the second')
      expectEqual(found.get(three) ?? [], [], 'of the third')
      expectEqual(found.get('unknown') ?? [], [], 'of an unknown one')
    },
  },
  {
    id: 'groupsOf.both',
    section: 'RFC 7643 §4.1.2; GroupReference.direct',
    title:
      'calls a group direct, and names it once, if somebody is in it directly and through others',
    async run(context) {
      const user = await createUser(context)
      // Two groups in each other: whichever a store follows first leads to the other one.
      const one = await createGroup(context, [user.id], { displayName: 'One' })
      const two = await createGroup(context, [user.id, one.id], { displayName: 'Two' })
      await addMember(context, one, two.id)
      // And a group to which two ways of the same length lead.
      await createGroup(context, [one.id, two.id], { displayName: 'Top' })
      const found = await context.adapters.groups.groupsOf(context.scope, [user.id])
      const told = (found.get(user.id) ?? []).map(
        ({ displayName, direct }) => `${displayName} ${direct ? 'direct' : 'indirect'}`,
      )
      expectEqual(told.sort(), ['One direct', 'Top indirect', 'Two direct'], 'groups of the user')
    },
  },
  {
    id: 'groupsOf.deep',
    section: 'RFC 7643 §4.1.2; GroupStore.groupsOf',
    title: 'follows a chain of 12 groups, and names all 120 groups of one person',
    async run(context) {
      const { adapters, scope } = context
      const [user, other] = [await createUser(context), await createUser(context)]
      const chain: Group[] = []
      for (let depth = 0; depth < 12; depth += 1) {
        chain.push(await createGroup(context, [chain.at(-1)?.id ?? user.id]))
      }
      const many: Group[] = []
      for (let count = 0; count < 120; count += 1) {
        many.push(await createGroup(context, [other.id]))
      }
      const found = await adapters.groups.groupsOf(scope, [user.id, other.id])
      expectIds(found.get(user.id) ?? [], chain, 'groups of somebody in a chain')
      expectIds(found.get(other.id) ?? [], many, 'groups of somebody in 120')
    },
  },
  {
    id: 'groupsOf.none',
    section: 'GroupStore.groupsOf',
    title: 'tells of no groups of people who are in none, and of nobody',
    async run(context) {
      const { adapters, scope } = context
      const [member, outsider] = [await createUser(context), await createUser(context)]
      await createGroup(context, [member.id])
      const found = await adapters.groups.groupsOf(scope, [outsider.id])
      expectEqual([...found.values()].flat(), [], 'groups of somebody in no group')
      const alike = await adapters.groups.groupsOf(scope, idsLike(member.id))
      expectEqual([...alike.values()].flat(), [], 'groups of ids that are like that of a member')
      const none = await adapters.groups.groupsOf(scope, [])
      expectEqual([...none.values()].flat(), [], 'groups of nobody')
    },
  },
  {
    id: 'groupsOf.tenants',
    section: 'Scope; S-AUTHZ-03; GroupStore.groupsOf',
    title: 'tells of no groups of another tenant, also of people who are in them',
    async run(context) {
      const { adapters, scope, otherScope } = context
      const other = { ...context, scope: otherScope }
      const theirs = await createUser(other)
      await createGroup(other, [theirs.id])
      const ours = await createUser(context)
      const group = await createGroup(context, [ours.id])
      const found = await adapters.groups.groupsOf(scope, [theirs.id, ours.id])
      expectEqual(found.get(theirs.id) ?? [], [], 'groups of another tenant\u2019s user')
      expectEqual(
        found.get(ours.id)?.map(({ id }) => id),
        [group.id],
        'groups of our user',
      )
    },
  },
  {
    id: 'groupsOf.user',
    section: 'GroupStore.userWithGroups',
    title: 'reads a user together with what groupsOf returns',
    async run(context) {
      const { adapters, scope, otherScope } = context
      const { groups, users } = adapters
      if (!groups.userWithGroups) return
      const user = await createUser(context)
      const compare = async (when: string) => {
        const found = await groups.userWithGroups?.(scope, user.id)
        const stored = await users.get(scope, user.id, omitNothing)
        const expected = (await groups.groupsOf(scope, [user.id])).get(user.id) ?? []
        expectEqual(found?.user, stored, `the user ${when}`)
        expectEqual(
          found && inOrder(found.groups),
          stored && inOrder(expected),
          `their groups ${when}`,
        )
      }
      await compare('in no group')
      const inner = await createGroup(context, [user.id], { externalId: 'x "é"' })
      await createGroup(context, [user.id])
      await compare('in two groups')
      await createGroup(context, [inner.id])
      await compare('in nested groups')
      const other = await groups.userWithGroups(otherScope, user.id)
      const noUser = await groups.userWithGroups(scope, inner.id)
      expectEqual([other, noUser], [undefined, undefined], 'a user of another tenant, and a group')
      await users.delete(scope, user.id, {})
      await compare('who was deleted')
    },
  },
  {
    id: 'groupsOf.query',
    section: 'Query.withGroups',
    title: 'returns with a page of users nothing else than what groupsOf returns',
    async run(context) {
      const { adapters, scope, otherScope } = context
      const { groups, users } = adapters
      const named = { displayName: 'Same' }
      const user = await createUser(context, named)
      const compare = async (when: string, asked: Scope = scope) => {
        for (const query of queriesFor(user, users.supports?.filter)) {
          const { groups: found, ...page } = await users.query(asked, {
            ...query,
            withGroups: true,
          })
          const wanted = await users.query(asked, query)
          const ids = wanted.resources.map(({ id }) => id)
          const expected = await groups.groupsOf(asked, ids)
          const listed = (all: typeof expected) => ids.map((id) => inOrder(all.get(id) ?? []))
          const what = `${JSON.stringify(query.page)} ${query.filter ? 'filtered ' : ''}${when}`
          expectEqual(page, wanted, `the page ${what}`)
          if (found) expectEqual(listed(found), listed(expected), `the groups ${what}`)
        }
      }
      await compare('with one in no group')
      const inner = await createGroup(context, [user.id], { externalId: 'x "é"' })
      await createGroup(context, [user.id])
      await compare('with one in two groups')
      await createUser(context, named)
      await createGroup(context, [inner.id])
      await compare('with one in nested groups, and another of the same name')
      await compare('of another tenant', otherScope)
    },
  },
  {
    id: 'groupsOf.cycle',
    section: 'RFC 7643 §4.2; R-GROUP-07',
    title: 'ends when groups contain each other',
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const inner = await createGroup(context, [user.id])
      const outer = await createGroup(context, [inner.id])
      await addMember(context, inner, outer.id)
      const found = await adapters.groups.groupsOf(scope, [user.id])
      const ids = (found.get(user.id) ?? []).map(({ id }) => id)
      expectEqual(ids.sort(), [inner.id, outer.id].sort(), 'groups of the user')
    },
  },
]

/** Checks of the groups of people. */
export const groupsOfChecks: readonly Check[] = checks.map((parts) => ({
  level: 'MUST',
  appliesTo: always,
  ...parts,
}))

function reference(group: Group, direct: boolean): GroupReference {
  const { id, displayName, externalId } = group
  return { id, displayName, ...(externalId !== undefined && { externalId }), direct }
}

function inOrder(groups: readonly GroupReference[]): readonly GroupReference[] {
  return [...groups].sort(byId)
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}

/** Queries that find one user, several, or none. */
function queriesFor({ userName, displayName }: User, canFilter = false): readonly Query[] {
  const type = typeNamed('User')
  const first = (limit: number) => ({ kind: 'index', offset: 0, limit }) as const
  const second = { kind: 'index', offset: 1, limit: 5 } as const
  const texts = [`userName eq "${userName}"`, `displayName eq "${displayName}"`, 'userName eq "-"']
  const filters = texts.map((text) =>
    resolveFilter(parseFilter(text), type, { deviations: new Set() }),
  )
  const filtered = filters.flatMap((filter) =>
    [first(5), first(0), second, { kind: 'cursor', limit: 5 } as const].map((page) => ({
      ...omitNothing,
      filter,
      page,
    })),
  )
  return [{ ...omitNothing, page: first(5) }, ...(canFilter ? filtered : [])]
}
