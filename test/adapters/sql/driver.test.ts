import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { SqlAdapters, SqlOptions } from '../../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

// Which SQLite is taken depends on the Node.js that runs the tests: each proves what it can.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const hasOwnSqlite = major > 22 || (major === 22 && minor >= 13)

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-driver-'))
  jest.resetModules()
  jest.doMock('libsql', () => {
    throw new Error('Cannot find module "libsql"')
  })
  jest.spyOn(process, 'cwd').mockReturnValue(folder)
})
afterEach(() => {
  jest.restoreAllMocks()
  jest.dontMock('libsql')
  fs.rmSync(folder, { recursive: true, force: true })
})

/** A host that has installed a `better-sqlite3` of this version. */
function install(version: string, code: string): void {
  const target = path.join(folder, 'node_modules', 'better-sqlite3')
  fs.mkdirSync(target, { recursive: true })
  const description = { name: 'better-sqlite3', version, main: 'index.js' }
  fs.writeFileSync(path.join(target, 'package.json'), JSON.stringify(description))
  fs.writeFileSync(path.join(target, 'index.js'), code)
}

async function start(options: SqlOptions): Promise<SqlAdapters> {
  const { sqlAdapters } = await import('../../../adapters/sql/index.js')
  return sqlAdapters(options)
}

const marker = () => path.join(folder, 'loaded')
const leavesMarker = () => `require('node:fs').writeFileSync(${JSON.stringify(marker())}, '')\n`

if (hasOwnSqlite) {
  it('takes the SQLite of Node.js and needs nothing installed', async () => {
    const adapters = await start({ url: 'sqlite::memory:' })
    const [scope, user] = [aScope(), aUser()]
    await adapters.users.create(scope, user, writeOf(user))
    expect(await adapters.users.get(scope, user.id, everything)).toEqual(user)
    await adapters.close()
  })
}

if (major < 22) {
  it('names what to install when there is no SQLite', async () => {
    const error = await start({ url: 'sqlite::memory:' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_SCIM_NO_DRIVER',
      message: expect.stringContaining('Install one: npm install libsql.'),
    })
  })

  it('does not load a better-sqlite3 that would end the process', async () => {
    install('13.2.0', leavesMarker())
    await expect(start({ url: 'sqlite::memory:' })).rejects.toMatchObject({
      code: 'ERR_SCIM_NO_DRIVER',
    })
    expect(fs.existsSync(marker())).toBe(false)
  })

  it('takes a better-sqlite3 that this Node.js can load', async () => {
    // libsql has the same interface, and stands in for one that must be compiled.
    jest.dontMock('libsql')
    const real = JSON.stringify(path.resolve(__dirname, '../../../node_modules/libsql/index.js'))
    install('12.11.1', `${leavesMarker()}module.exports = require(${real})`)
    const adapters = await start({ url: 'sqlite::memory:' })
    const [scope, user] = [aScope(), aUser()]
    await adapters.users.create(scope, user, writeOf(user))
    expect(await adapters.users.get(scope, user.id, everything)).toEqual(user)
    expect(fs.existsSync(marker())).toBe(true)
    await adapters.close()
  })
}
