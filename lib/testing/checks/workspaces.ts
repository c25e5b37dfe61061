import { randomUUID } from 'node:crypto'
import type { Adapters, WorkspaceStore } from '../../stores/index.js'
import { expectEqual, expectStoreError, expectThat, rejection } from '../assert.js'
import type { Check, CheckContext } from '../check.js'

type Run = (context: CheckContext & { readonly store: WorkspaceStore }) => Promise<void>

interface WorkspaceCheck {
  readonly id: string
  readonly title: string
  readonly run: Run
}

const parts: readonly WorkspaceCheck[] = [
  {
    id: 'workspaces.titles',
    title: 'keeps workspaces by title, which is unique in the tenant and compared exactly',
    async run({ store, scope, otherScope }) {
      const [a, b] = [randomUUID(), randomUUID()]
      await store.create(scope, { id: b, title: 'b' })
      await store.create(scope, { id: a, title: 'a' })
      await store.create(otherScope, { id: randomUUID(), title: 'a' })
      await store.create(scope, { id: randomUUID(), title: 'A' })
      const again = () => store.create(scope, { id: randomUUID(), title: 'a' })
      await expectStoreError('uniqueness', again, 'create with a taken title')
      const taken = () => store.rename(scope, { id: b, title: 'a' })
      await expectStoreError('uniqueness', taken, 'rename to a taken title')
      expectThat(await store.rename(scope, { id: a, title: 'a' }), 'Its own title is not taken')
      expectThat(await store.rename(scope, { id: b, title: 'c' }), 'rename says true')
      expectThat(!(await store.rename(scope, { id: 'none', title: 'd' })), 'of nothing, false')
      expectEqual(await titlesOf(store, scope), ['A', 'a', 'c'], 'titles in order')
      expectThat(await store.delete(scope, a), 'delete says true')
      expectThat(!(await store.delete(scope, a)), 'the second time, false')
      expectEqual(await titlesOf(store, scope), ['A', 'c'], 'titles afterwards')
      expectEqual(await titlesOf(store, otherScope), ['a'], 'titles of others')
    },
  },
  {
    id: 'workspaces.rules',
    title: 'saves rules in the same step as a title, or changes neither',
    async run({ store, scope, adapters: { access } }) {
      if (!access) return
      const id = randomUUID()
      await store.create(scope, { id, title: 'a' })
      const { rules: before, version } = await access.rules(scope)
      const rules = { ...before, workspaces_groups: [['b', 'Crew']] as const }
      const renamed = { id, title: 'b' }
      const stale = { rules, expectedVersion: `${version}9`, affects: ['crew'] }
      const late = () => store.rename(scope, renamed, [], stale)
      await expectStoreError('versionMismatch', late, 'rename with rules that others saved')
      expectEqual(await titlesOf(store, scope), ['a'], 'the title after a refused rename')
      expectEqual((await access.rules(scope)).version, version, 'the rules after a refused rename')
      const saved = { ...stale, expectedVersion: version }
      expectThat(!(await store.rename(scope, { id: 'none', title: 'c' }, [], saved)), 'of nothing')
      expectEqual((await access.rules(scope)).version, version, 'the rules after nothing')
      expectThat(await store.rename(scope, renamed, [], saved), 'rename with rules says true')
      expectEqual(await titlesOf(store, scope), ['b'], 'the title afterwards')
      expectEqual((await access.rules(scope)).rules, rules, 'the rules afterwards')
    },
  },
  {
    id: 'workspaces.projects',
    title: 'has each project in at most one workspace',
    async run({ store, scope, otherScope }) {
      const [a, b] = [randomUUID(), randomUUID()]
      for (const [id, title] of [
        [a, 'a'],
        [b, 'b'],
      ] as const)
        await store.create(scope, { id, title })
      await store.putProjects(scope, a, [12, 3, 7, 7])
      await store.putProjects(scope, b, [7])
      expectEqual(await projectsOf(store, scope), { a: [3, 12], b: [7] }, 'projects')
      expectThat(!(await store.putProjects(scope, 'none', [3])), 'false without a workspace')
      await store.removeProjects(otherScope, [3])
      await store.removeProjects(scope, [12, 99])
      expectEqual(await projectsOf(store, scope), { a: [3], b: [7] }, 'projects afterwards')
      await store.delete(scope, b)
      await store.create(scope, { id: b, title: 'b' })
      expectEqual(await projectsOf(store, scope), { a: [3], b: [] }, 'a new one is empty')
    },
  },
  {
    id: 'workspaces.unplaced',
    title: 'knows who made a project until it is in a workspace',
    async run({ store, scope }) {
      const a = randomUUID()
      await store.create(scope, { id: a, title: 'a' })
      await store.putProjects(scope, a, [1])
      for (const projectId of [3, 2, 1]) {
        await store.noteCreator(scope, { projectId, creatorId: 'anna' })
      }
      const made = (projectId: number) => ({ projectId, creatorId: 'anna' })
      expectEqual(await store.listUnplaced(scope), [made(2), made(3)], 'unplaced projects')
      await store.putProjects(scope, a, [2])
      await store.removeProjects(scope, [3])
      expectEqual(await store.listUnplaced(scope), [], 'none afterwards')
      expectEqual(await projectsOf(store, scope), { a: [1, 2] }, 'projects')
    },
  },
  {
    id: 'workspaces.version',
    title: 'has a new version after every change, and the tenant alone',
    async run({ store, scope, otherScope }) {
      const a = randomUUID()
      const seen = [await store.version(scope)]
      expectEqual(seen, ['0'], 'the first version')
      const changes = [
        () => store.create(scope, { id: a, title: 'a' }),
        () => store.putProjects(scope, a, [1]),
        () => store.removeProjects(scope, [1]),
        () => store.noteCreator(scope, { projectId: 1, creatorId: 'anna' }),
        () => store.rename(scope, { id: a, title: 'b' }),
        () => store.delete(scope, a),
      ]
      for (const change of changes) {
        await change()
        const version = await store.version(scope)
        expectThat(!seen.includes(version), `Version ${version} was there before`)
        seen.push(version)
      }
      expectEqual(await store.version(otherScope), '0', 'the version of others')
    },
  },
  {
    id: 'workspaces.race',
    title: 'lets exactly one of ten take a title',
    async run({ store, scope }) {
      const errors = await Promise.all(
        Array.from({ length: 10 }, () =>
          rejection(() => store.create(scope, { id: randomUUID(), title: 'a' })),
        ),
      )
      expectEqual(errors.filter((error) => error === undefined).length, 1, 'those who won')
      expectEqual(await titlesOf(store, scope), ['a'], 'titles')
    },
  },
]

/** Workspaces for hosts without their own. */
export const workspaceChecks: readonly Check[] = parts.map(({ id, title, run }) => ({
  id,
  title,
  level: 'MUST',
  section: 'WorkspaceStore',
  appliesTo: ({ workspaceStore }: Adapters) => workspaceStore !== undefined,
  run: (context) => run({ ...context, store: context.adapters.workspaceStore as WorkspaceStore }),
}))

async function titlesOf(store: WorkspaceStore, scope: CheckContext['scope']) {
  return (await store.list(scope)).map(({ title }) => title)
}

async function projectsOf(store: WorkspaceStore, scope: CheckContext['scope']) {
  const all = await store.list(scope)
  return Object.fromEntries(all.map(({ title, projectIds }) => [title, projectIds]))
}
