import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import type { MemberChange } from '../../../lib/stores/group-store.js'
import type { Group, User } from '../../../lib/stores/index.js'
import { aGroup, aScope, aUser, everything, writeOf } from '../support.js'

const size = 1_500
const now = '2026-02-01T09:00:00.000Z'

/** Part of the people, as indexes; more than 1,000 are a large change. */
const range = fc
  .tuple(fc.integer({ min: 0, max: size - 1 }), fc.constantFrom(1, 2, 1_100, size))
  .map(([from, count]) => ({ from, count }))
const group = fc.constantFrom(0, 1)
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'remove'), group, range }),
  fc.record({ kind: fc.constant('deleteUser'), at: fc.integer({ min: 0, max: size - 1 }) }),
  fc.record({ kind: fc.constant('deleteGroup'), group }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const steps = fc.array(step, { minLength: 2, maxLength: 8 })

describe('members of a group in memory', () => {
  it('are those that each change left, from both sides, however large it was', async () => {
    const property = fc.asyncProperty(steps, async (changes) => {
      const world = await createWorld()
      for (const each of changes) {
        await world.carryOut(each)
        const expected = world.expected.map((members) => [...members].sort())
        expect(await world.membersByPeople()).toEqual(expected)
        expect(await world.membersOfGroups()).toEqual(expected)
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('are the same from both sides when changes are made together', async () => {
    const property = fc.asyncProperty(steps, async (changes) => {
      const world = await createWorld()
      await Promise.all(changes.map(world.carryOut))
      const members = await world.membersOfGroups()
      expect(await world.membersByPeople()).toEqual(members)
      expect(members.flat().filter((id) => world.deleted.has(id))).toEqual([])
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('join with their marks, which are set in steps but found by name at once', async () => {
    const { adapters, scope, groups, users } = await createWorld()
    const ids = users.map(({ id }) => id)
    const added = await adapters.groups.changeMembers?.(
      scope,
      groups[0]?.id ?? '',
      { add: ids, remove: [] },
      { now, outbox: { pending: ids, audit: [] } },
    )
    expect(added?.added).toEqual(ids)
    const { fanningOut, pending } = await adapters.access.summary(scope)
    expect(fanningOut + pending).toBe(size)
    expect((await adapters.access.pendingOf(scope, ids.slice(0, 3))).length).toBe(3)
    while ((await adapters.access.fanOut(400)) > 0) await nextTurn()
    expect((await adapters.access.pendingOf(scope, ids)).length).toBe(size)
  })

  it('wait once for their marks, however often they join and leave before these are set', async () => {
    const { adapters, scope, groups, users } = await createWorld()
    const ids = users.map(({ id }) => id)
    const outbox = { pending: ids, audit: [] }
    const changes = [1, 2, 3].flatMap(() => [
      { add: ids, remove: [] },
      { add: [], remove: ids },
    ])
    for (const change of changes) {
      await adapters.groups.changeMembers?.(scope, groups[0]?.id ?? '', change, { now, outbox })
    }
    expect((await adapters.access.summary(scope)).fanningOut).toBe(size)
  })
})

/** Two groups and everybody in them, in memory and as sets of ids. */
async function createWorld() {
  const adapters = memoryAdapters()
  const scope = aScope()
  const users: User[] = Array.from({ length: size }, () => aUser())
  const groups: Group[] = [aGroup(), aGroup()]
  for (const user of users) await adapters.users.create(scope, user, writeOf(user))
  for (const each of groups) await adapters.groups.create(scope, each, writeOf(each))
  const deleted = new Set<string>()
  const expected = groups.map(() => new Set<string>())

  const change = async (at: number, wanted: MemberChange) => {
    const id = groups[at]?.id ?? ''
    const made = await adapters.groups
      .changeMembers?.(scope, id, wanted, { now })
      .catch(() => undefined)
    for (const each of made?.added ?? []) expected[at]?.add(each)
    for (const each of made?.removed ?? []) expected[at]?.delete(each)
  }
  const remove = async (store: typeof adapters.users | typeof adapters.groups, id: string) => {
    await store.delete(scope, id, {})
    deleted.add(id)
    for (const members of expected) members.delete(id)
    expected[groups.findIndex((each) => each.id === id)]?.clear()
  }
  const carryOut = async (made: Step) => {
    if (made.kind === 'deleteUser') return remove(adapters.users, users[made.at]?.id ?? '')
    if (made.kind === 'deleteGroup') return remove(adapters.groups, groups[made.group]?.id ?? '')
    const { from, count } = made.range
    const ids = users.slice(from, from + count).map(({ id }) => id)
    const known = ids.filter((id) => !deleted.has(id))
    const isAdded = made.kind === 'add'
    await change(made.group, { add: isAdded ? known : [], remove: isAdded ? [] : ids })
  }
  const membersOfGroups = () =>
    Promise.all(
      groups.map(async ({ id }) => {
        const group = await adapters.groups.get(scope, id, everything)
        return (group?.members ?? []).map(({ value }) => value).sort()
      }),
    )
  const membersByPeople = async () => {
    const ids = users.map(({ id }) => id).sort()
    const groupsOf = await adapters.groups.groupsOf?.(scope, ids)
    const isIn = (id: string, groupId: string) =>
      groupsOf?.get(id)?.some((each) => each.id === groupId)
    return groups.map((group) => ids.filter((id) => isIn(id, group.id)))
  }
  return {
    adapters,
    scope,
    users,
    groups,
    deleted,
    expected,
    carryOut,
    membersOfGroups,
    membersByPeople,
  }
}
