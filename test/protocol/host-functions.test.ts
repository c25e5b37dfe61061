import { runInNewContext } from 'node:vm'
import { memoryAdapters } from '../../adapters/memory/index.js'
import type { ScimOptions } from '../../lib/options.js'
import { serve } from './server.js'

const hooks = ['onEvent', 'onPending', 'record'] as const

const failures: Record<string, () => unknown> = {
  throws: () => {
    throw new Error('of the host')
  },
  rejects: async () => {
    throw new Error('of the host')
  },
  // As some libraries make them: no instance of this realm's Promise.
  'rejects another kind of promise': () => ({
    // biome-ignore lint/suspicious/noThenProperty: this is what a thenable is
    then: (_: unknown, reject?: (error: Error) => void) => reject?.(new Error('of the host')),
  }),
}
const cases = hooks.flatMap((hook) => Object.keys(failures).map((way) => [hook, way] as const))

it.each(cases)('answers 201 and tells onError when %s %s', async (hook, way) => {
  let told = (_: unknown) => {}
  const error = new Promise((resolve) => {
    told = resolve
  })
  const options = { [hook]: failures[way], onError: (cause: unknown) => told(cause) }
  const scim = await serve(memoryAdapters(), options as Partial<ScimOptions>)
  await scim.user('ines')
  expect(await error).toMatchObject({ message: 'of the host' })
})

it('waits for what onError rejects with, so that it does not end the process', async () => {
  const adapters = memoryAdapters()
  const get = () => Promise.reject(new Error('of the store'))
  const rejected = Promise.reject(new Error('of the host'))
  const then = jest.spyOn(rejected, 'then')
  const users = { ...adapters.users, get }
  const scim = await serve({ ...adapters, users }, { onError: () => rejected })
  expect((await scim.get('/Users/1')).status).toBe(500)
  expect(then).toHaveBeenCalledWith(undefined, expect.any(Function))
})

it('shows the groups that a store returns by another kind of promise', async () => {
  const adapters = memoryAdapters()
  const { groups } = adapters
  const other: { Promise: typeof Promise } = runInNewContext('({ Promise })')
  const groupsOf: typeof groups.groupsOf = (scope, ids) =>
    other.Promise.resolve().then(() => groups.groupsOf(scope, ids))
  const scim = await serve({ ...adapters, groups: { ...groups, groupsOf } })
  const { id } = await scim.user('ines')
  const group = await scim.group('Annotators', [id])
  const { body } = await scim.get(`/Users/${id}`)
  expect(body.groups).toEqual([expect.objectContaining({ value: group.id })])
  const title = [{ op: 'add', path: 'title', value: 'Dr.' }]
  expect((await scim.patch(`/Users/${id}`, title)).body).toMatchObject({ groups: body.groups })
  expect((await scim.put(`/Users/${id}`, body)).body).toMatchObject({ groups: body.groups })
  expect((await scim.get('/Users')).body.Resources[0].groups).toEqual(body.groups)
})
