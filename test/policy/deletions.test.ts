import { forgetting, withDeletion } from '../../adapters/label-studio/policy/deletions.js'
import type { Resolver } from '../../adapters/label-studio/policy/resolve.js'
import type { PolicyQuestion } from '../../lib/gate/index.js'

/** The projects that are taken out of their workspaces once a request was answered. */
function deletedBy(method: string, url: string, status = 204): readonly number[] {
  const deleted: number[] = []
  const question = {
    request: { method, url },
    projectDeleted: async (project: number) => void deleted.push(project),
  } as unknown as PolicyQuestion
  withDeletion(question).answer?.after?.(status)
  return deleted
}

it.each([
  ['DELETE', '/api/projects/7/', [7]],
  ['DELETE', '/api/projects/7', [7]],
  ['DELETE', '/api/projects/7/?force=1', [7]],
  ['DELETE', '/api/projects/%37/', [7]],
  ['DELETE', '//api/projects/7/', [7]],
  ['DELETE', '/api/projects/7/tasks/', []],
  ['DELETE', '/api/projects/', []],
  ['GET', '/api/projects/7/', []],
])('takes a deleted project out of its workspace, however it was written: %s %s', (...given) => {
  const [method, url, projects] = given
  expect(deletedBy(method, url)).toEqual(projects)
  expect(deletedBy(method, url, 404)).toEqual([])
})

it.each([
  ['DELETE', '/api/tasks/5/', true],
  ['DELETE', '/api/tasks/%35', true],
  ['DELETE', '/api/projects/7/', true],
  ['DELETE', '/api/projects/7/tasks/', true],
  ['POST', '/api/projects/7/import?x=1', true],
  ['POST', '/api/dm/actions/?project=7&id=delete_tasks', true],
  ['POST', '/api/dm/actions/?project=7&id=next_task', false],
  ['POST', '/admin/tasks/task/5/delete/', true],
  ['GET', '/api/tasks/5/', false],
  ['PATCH', '/api/tasks/5/', false],
] as const)('forgets objects before and after numbers may move: %s %s', (method, url, moves) => {
  const forgotten: number[] = []
  const answered: number[] = []
  const resolver = { forget: () => void forgotten.push(1) } as unknown as Resolver
  const answer = { after: (status: number) => void answered.push(status) }
  const question = { request: { method, url } } as unknown as PolicyQuestion
  const decision = forgetting(resolver, question, { kind: 'allow', answer })
  expect(forgotten).toHaveLength(moves ? 1 : 0)
  // Somebody may ask about an object while it is deleted.
  if (decision.kind === 'allow') decision.answer?.after?.(204)
  expect([forgotten.length, answered]).toEqual([moves ? 2 : 0, [204]])
})
