import type { Group, GroupReference } from '../../lib/stores/index.js'
import { type Defect, everything, inGroups, minimalGroups } from './broken.js'

/** Stores that tell of other groups of a person. */
export const groupsOfDefects: readonly Defect[] = [
  depthFirst('follow the oldest group first', (groups) => groups),
  depthFirst('follow the newest group first', (groups) => [...groups].reverse()),
  inGroups('name groups once for each way to them', ['groupsOf.both'], (groups) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(scope, ids)
      return new Map([...found].map(([id, all]) => [id, [...all, ...all.slice(0, 1)]]))
    },
  })),
  inGroups('follow ten groups', ['groupsOf.deep'], (groups) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(scope, ids)
      return new Map([...found].map(([id, all]) => [id, all.slice(0, 10)]))
    },
  })),
  inGroups('return at most 100 groups of a person', ['groupsOf.deep'], (groups) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(scope, ids)
      return new Map([...found].map(([id, all]) => [id, all.slice(0, 100)]))
    },
  })),
  inGroups('compare ids of members without case', ['groupsOf.none'], (groups) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(
        scope,
        ids.map((id) => id.toLowerCase()),
      )
      return new Map(ids.map((id) => [id, found.get(id.toLowerCase()) ?? []]))
    },
  })),
]

/** Groups that follow each group to its end before the next one, and keep the first finding. */
function depthFirst(name: string, order: (groups: readonly Group[]) => readonly Group[]): Defect {
  return minimalGroups(name, ['groupsOf.both'], (store) => ({
    async groupsOf(scope, [id = '']) {
      const page = { kind: 'index', offset: 0, limit: 1000 } as const
      const { resources } = await store.query(scope, { ...everything, page })
      const found = new Map<string, GroupReference>()
      const visit = (memberId: string, direct: boolean) => {
        for (const { id, displayName, members } of order(resources)) {
          const isIn = members?.some(({ value }) => value === memberId)
          if (!isIn || found.has(id)) continue
          found.set(id, { id, displayName, direct })
          visit(id, false)
        }
      }
      visit(id, true)
      return new Map([[id, [...found.values()]]])
    },
  }))
}
