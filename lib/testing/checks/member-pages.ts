import { expectEqual } from '../assert.js'
import type { Check } from '../check.js'
import { createGroup, createUser } from '../subject.js'

/** The pages of group members for administrators. */
export const memberPageChecks: readonly Check[] = [
  {
    id: 'members.pages',
    level: 'MUST',
    section: 'GroupStore.countMembers, listMembers',
    title: 'counts the direct members of groups, and lists them page by page',
    appliesTo: ({ groups }) => Boolean(groups.countMembers && groups.listMembers),
    async run(context) {
      const { adapters, scope, otherScope } = context
      const { groups } = adapters
      const users = [await createUser(context), await createUser(context)]
      const ids = users.map(({ id }) => id)
      const inner = await createGroup(context, ids, { displayName: 'Inner' })
      const outer = await createGroup(context, [inner.id], { displayName: 'Outer' })
      const empty = await createGroup(context, [], { displayName: 'Empty' })
      const asked = [inner.id, outer.id, empty.id, 'none', ...ids]
      const counts = await groups.countMembers?.(scope, asked)
      const wanted = new Map([
        [inner.id, 2],
        [outer.id, 1],
        [empty.id, 0],
      ])
      expectEqual(new Map([...(counts ?? [])].sort()), new Map([...wanted].sort()), 'counts')
      expectEqual(await groups.countMembers?.(otherScope, asked), new Map(), 'counts of others')
      const list = async (offset: number, limit: number) =>
        (await groups.listMembers?.(scope, inner.id, { offset, limit }))?.map(({ value }) => value)
      expectEqual([await list(0, 1), await list(1, 5), await list(2, 5)], pagesOf(ids), 'pages')
      const [member] = (await groups.listMembers?.(scope, outer.id, { offset: 0, limit: 5 })) ?? []
      expectEqual(member, { value: inner.id, type: 'Group', display: 'Inner' }, 'a nested group')
      const page = { offset: 0, limit: 5 }
      expectEqual(await groups.listMembers?.(otherScope, inner.id, page), [], 'members for others')
    },
  },
]

function pagesOf(ids: readonly string[]): readonly (readonly string[])[] {
  const [first = '', ...others] = [...ids].sort()
  return [[first], others, []]
}
