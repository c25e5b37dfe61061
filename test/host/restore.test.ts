import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { sql } from '../../adapters/sql/sql.js'
import { digestToken } from '../../lib/index.js'
import { buildCommand, runCommand } from '../command/run-command.js'
import { openDirectly } from '../support/direct-database.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { send, signIn } from '../support/label-studio-browser.js'
import { type StartedHost, startHost } from './start-host.js'

const password = 'A-good-passw0rd'
const scimToken = 'token-of-the-identity-provider'
const adminToken = 'token-of-the-administrator'
let fake: FakeLabelStudio
let folder: string
let host: StartedHost | undefined

beforeAll(buildCommand, 120_000)
beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-restore-'))
})
afterEach(async () => {
  await host?.stop()
  await fake.stop()
  fs.rmSync(folder, { recursive: true })
})

const file = () => path.join(folder, 'scim.db')

const environment = (deprovisioning: string) => ({
  DATABASE_URL: `sqlite:${file()}`,
  LABEL_STUDIO_URL: fake.url,
  LABEL_STUDIO_TOKEN: fake.token,
  LABEL_STUDIO_EMAIL: fake.ownerEmail,
  LABEL_STUDIO_PASSWORD: fake.ownerPassword,
  LABEL_STUDIO_DEPROVISIONING: deprovisioning,
  SCIM_TOKEN: scimToken,
  ADMIN_TOKEN: adminToken,
})

const origin = () => host?.origin ?? ''
const scim = (method: string, at: string, body?: unknown) =>
  send(`${origin()}/scim/v2${at}`, {
    method,
    headers: { authorization: `Bearer ${scimToken}`, 'content-type': 'application/scim+json' },
    body,
  })
const push = (userName: string) =>
  scim('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    emails: [{ value: userName, primary: true }],
    password,
  })
const leave = (id: string) =>
  scim('PATCH', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active: false } }],
  })
const enter = async (cookie: string) =>
  (await send(`${origin()}/api/projects/`, { headers: { cookie } })).status
const people = async () =>
  (await scim('GET', '/Users')).json.Resources as { id: string; userName: string }[]

async function importAfter(start: number): Promise<void> {
  for (;;) {
    const { json } = await send(`${origin()}/api/scim/status`, {
      headers: { authorization: `Bearer ${adminToken}` },
    })
    const { state, at } = json.import ?? {}
    if (state === 'succeeded' && Date.parse(at) >= start) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/**
 * Restores a backup from before one person left, and from before another came and left. Returns the
 * cookies of somebody who stays and of these two.
 */
async function restored(deprovisioning: string): Promise<readonly string[]> {
  host = await startHost(environment(deprovisioning))
  const before = [await push('stays@example.com'), await push('left@example.com')]
  const cookies = []
  for (const { json } of before) cookies.push(await signIn(origin(), json.userName, password))
  const storage = await sqlAdapters({ url: `sqlite:${file()}` })
  await storage.close()
  await host.stop()
  fs.copyFileSync(file(), `${file()}.backup`)
  host = await startHost(environment(deprovisioning))
  const { json } = await push('after@example.com')
  cookies.push(await signIn(origin(), json.userName, password))
  for (const id of [before[1]?.json.id, json.id]) expect((await leave(id)).status).toBe(200)
  await host.stop()
  for (const end of ['', '-wal', '-shm']) fs.rmSync(file() + end, { force: true })
  fs.copyFileSync(`${file()}.backup`, file())
  return cookies.map(({ cookie }) => cookie)
}

describe('the documented steps after a restore', () => {
  it.each(['gate', 'admin'])(
    'let nobody in who left after the backup (%s)',
    async (mode) => {
      const [stays = '', left = '', after = ''] = await restored(mode)
      const entering = async () => [await enter(stays), await enter(left), await enter(after)]

      const start = Date.now()
      host = await startHost({ ...environment(mode), LABEL_STUDIO_GATE: 'closed' })
      expect(await entering()).toEqual([503, 503, 503])
      await importAfter(start)
      await push('stays@example.com')
      const kept = ['stays@example.com', fake.ownerEmail]
      const others = (await people()).filter(({ userName }) => !kept.includes(userName))
      expect(others.map(({ userName }) => userName).sort()).toEqual([
        'after@example.com',
        'left@example.com',
      ])
      for (const { id } of others) expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204)
      expect(await entering()).toEqual([503, 503, 503])
      const { stdout } = await runCommand(['reconcile'], environment(mode))
      expect(stdout).toBe('All people have the access that the rules give.\n')
      await host.stop()

      host = await startHost(environment(mode))
      const [first, second = 0, third = 0] = await entering()
      expect(first).toBe(200)
      for (const status of [second, third]) expect([401, 403]).toContain(status)
    },
    60_000,
  )
})

it('refuses another word for the gate', async () => {
  const { code, stderr } = await runCommand(['serve'], { LABEL_STUDIO_GATE: 'shut' })
  expect([code, stderr]).toEqual([1, 'LABEL_STUDIO_GATE must be open or closed.\n'])
})

/** The statement of docs/operations.md that removes tokens. */
const [removeTokens = ''] =
  /delete from \w+/.exec(
    fs.readFileSync(path.join(__dirname, '../../docs/operations.md'), 'utf8'),
  ) ?? []

it('accepts no token that was revoked after the backup, after the documented steps', async () => {
  const scope = { tenant: 'default', actor: 'test', requestId: '1', signal: AbortSignal.any([]) }
  const open = () => sqlAdapters({ url: `sqlite:${file()}` })
  const leaked = 'scim_a-token-that-leaked'
  const before = await open()
  const made = { createdAt: '2030-01-01T00:00:00Z', createdBy: 'test' }
  await before.tokens.create(scope, {
    id: '1',
    name: 'leaked',
    digest: digestToken(leaked),
    ...made,
  })
  await before.close()
  const restoredBackup = await openDirectly(`sqlite:${file()}`)
  await restoredBackup.all(sql.raw(removeTokens))
  await restoredBackup.close()

  host = await startHost({ ...environment('admin'), LABEL_STUDIO_GATE: 'closed' })
  const { status } = await send(`${origin()}/scim/v2/Users`, {
    headers: { authorization: `Bearer ${leaked}` },
  })
  expect(status).toBe(401)
})
