import { withDeletion } from '../../adapters/label-studio/policy/deletions.js'
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
