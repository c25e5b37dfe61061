import { nearMisses } from '../../lib/mapping/index.js'
import { aSettingsApp } from './support.js'

/** Counts how often other requests could have had their turn. */
async function turnsDuring(work: PromiseLike<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await work
  isOver = true
  return turns
}

it('names without a group are compared with all groups in turns', async () => {
  const { get, post, addGroup } = aSettingsApp()
  await addGroup('LS-Group-1')
  const named = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => ['Annotator', `${name}-${index + 100}`])
  const save = (rules: unknown[]) => post('/api/scim/settings', { roles_groups: rules })
  await save(named('LS-Grup', 1))
  const one = await turnsDuring(get('/api/scim/groups').expect(200))
  await save(named('LS-Grup', 100))
  const hundred = await turnsDuring(get('/api/scim/groups').expect(200))
  expect(hundred - one).toBeGreaterThan(50)
})

it.each([
  ['Crew', 'crew', true],
  ['Crews', 'Crwes', true],
  ['Crew', 'Cr', false],
  ['Group-10', 'Grop-1', true],
  ['Group-10', 'Grop-2', false],
  ['Group-10', 'xGroup-10y', true],
  ['Group-10', 'xxGroup-10y', false],
  ['', 'a', true],
])('%p resembles %p: %p', (name, candidate, isNear) => {
  expect(nearMisses(name, [candidate])).toEqual(isNear ? [candidate] : [])
})
