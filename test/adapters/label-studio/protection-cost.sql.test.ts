import { sqlAdapters } from '../../../adapters/sql/index.js'
import { createWorld } from '../../access/world.js'
import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { testDatabase } from '../../support/test-database.js'
import { recordStatements } from '../sql/statements.js'
import { scopeOf, startProduct } from './product.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'

it('asks whether members are protected in one query, however many there are (R15)', async () => {
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  ends.push(fake.stop)
  const database = await testDatabase()
  ends.push(database.drop)
  const storage = await sqlAdapters({ url: database.url })
  const product = await startProduct(fake, {
    storage,
    isWorking: false,
    router: { onPending() {} },
  })
  ends.push(product.stop)
  const world = createWorld(storage, scopeOf())
  const ids: string[] = []
  for (let n = 0; n < 300; n += 1) ids.push((await world.addUser(`p${n}@example.com`)).id)
  const { id } = await world.addGroup('Crew')
  const path = `/Groups/${id}`
  const value = (some: readonly string[]) => some.map((each) => ({ value: each }))
  const put = (some: readonly string[]) =>
    product.scim('PUT', path, {
      schemas: [groupSchema],
      displayName: 'Crew',
      members: value(some),
    })
  const patch = (op: string, some: readonly string[]) =>
    product.patch(path, [{ op, path: 'members', value: value(some) }])
  const reads = async (work: () => Promise<{ readonly status: number }>) => {
    const texts = await recordStatements(async () =>
      expect((await work()).status).toBeLessThan(300),
    )
    return texts.filter((text) => /select[^;]*from scim_records/s.test(text)).length
  }
  expect(await reads(() => put(ids))).toBe(1)
  expect(await reads(() => put([]))).toBe(1)
  expect(await reads(() => patch('add', ids))).toBe(1)
  expect(await reads(() => patch('remove', ids))).toBe(1)
  expect(await reads(() => product.pushGroup('Others', ids))).toBe(1)
}, 60_000)
