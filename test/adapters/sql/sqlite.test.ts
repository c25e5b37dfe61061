import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-sqlite-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

describe('an SQLite database', () => {
  it('is created together with its folder', async () => {
    const file = path.join(folder, 'a', 'b', 'scim.db')
    const adapters = await sqlAdapters({ url: `sqlite:${file}` })
    expect(fs.existsSync(file)).toBe(true)
    await adapters.close()
  })

  it('can be kept in memory', async () => {
    const [one, two] = await Promise.all([
      sqlAdapters({ url: 'sqlite::memory:' }),
      sqlAdapters({ url: 'sqlite::memory:' }),
    ])
    const scope = aScope()
    const user = aUser()
    await one.users.create(scope, user, writeOf(user))
    expect(await one.users.get(scope, user.id, everything)).toEqual(user)
    expect(await two.users.get(scope, user.id, everything)).toBeUndefined()
    await Promise.all([one.close(), two.close()])
  })
})
