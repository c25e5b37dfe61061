import { projectsByCreator } from '../../lib/workspaces/index.js'
import { cpuMs } from '../support/cpu-time.js'

it('knows the projects of each creator, in a moment if they are many', () => {
  const few = [1, 2, 3].map((projectId) => ({ projectId, creatorId: projectId === 2 ? 'b' : 'a' }))
  expect([...projectsByCreator(few)]).toEqual([
    ['a', [1, 3]],
    ['b', [2]],
  ])
  const many = Array.from({ length: 20_000 }, (_, projectId) => ({ projectId, creatorId: 'a' }))
  expect(cpuMs(() => projectsByCreator(many))).toBeLessThan(300)
})
