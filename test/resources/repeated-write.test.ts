import fsPromises from 'node:fs/promises'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, everything } from '../adapters/support.js'
import { type ServiceProvider, serve } from '../protocol/server.js'
import { sqliteDatabase } from '../support/test-database.js'

type Write = (provider: ServiceProvider, url: string) => Promise<{ readonly status: number }>

const patch =
  (path: string, value: unknown): Write =>
  (provider, url) =>
    provider.patch(url, [{ op: 'replace', path, value }])
const put: Write = (provider, url) => provider.put(url, { displayName: 'New' })
const remove: Write = (provider, url) => provider.delete(url)

it.each<[string, string, Write]>([
  ['assignment', 'Users', patch('active', true)],
  ['PATCH', 'Groups', patch('externalId', 'g')],
  ['PUT', 'Groups', put],
  ['DELETE', 'Users', remove],
  ['DELETE', 'Groups', remove],
])('acknowledges no repeated %s of %s whose first attempt may be lost', async (_, type, write) => {
  const database = sqliteDatabase()
  const open = jest.spyOn(fsPromises, 'open')
  const adapters = await sqlAdapters({ url: database.url })
  const provider = await serve(adapters)
  const { id } =
    type === 'Users' ? await provider.user('ada', { active: false }) : await provider.group('Team')
  const url = `/${type}/${id}`
  const log = (await open.mock.results[0]?.value) as fsPromises.FileHandle
  const after = write === remove ? 404 : 200
  jest.spyOn(log, 'datasync').mockImplementation(async () => {
    // A deletion of a user takes several writes; the last one fails.
    const store = type === 'Users' ? adapters.users : adapters.groups
    const stored = await store.get(aScope('acme'), String(id), everything)
    if (write !== remove || !stored) throw new Error('EIO: i/o error')
  })
  expect((await write(provider, url)).status).toBe(503)
  jest.restoreAllMocks()
  expect((await write(provider, url)).status).toBe(503)
  expect((await provider.get(url)).status).toBe(after)
  await adapters.close()
  await database.drop()
})
