import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import express from 'express'
import request from 'supertest'
import { labelStudioAdapters } from '../../adapters/label-studio/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { bearerTokens, scimRouter } from '../../lib/index.js'
import {
  type FakeLabelStudio,
  type FakeOptions,
  startFakeLabelStudio,
} from '../support/fake-label-studio/index.js'
import { buildCommand, runCommand } from './run-command.js'

const mapping = {
  roles_groups: [['Administrator', 'LS-Admins']],
  workspaces_groups: [['Vision', 'LS-Vision']],
  projects_groups: [{ project_id: 7, group: 'LS-P7', role: 'Reviewer' }],
}

const idpToken = 'token-of-the-identity-provider'

let fake: FakeLabelStudio
beforeAll(buildCommand, 120_000)
afterEach(() => fake?.stop())

async function start(options: FakeOptions) {
  fake = await startFakeLabelStudio(options)
}

function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return runCommand(words, {
    LABEL_STUDIO_URL: fake?.url,
    LABEL_STUDIO_TOKEN: fake?.token,
    ...environment,
  })
}

describe('label-studio-scim doctor', () => {
  it('tells in sentences what is right with a Community edition', async () => {
    await start({ mode: 'oss-new' })
    const { code, stdout } = await run(['doctor'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ok +The token works and is the owner’s\.$/m)
    expect(stdout).toMatch(/^warning +Deprovisioned people are refused by the gate only/m)
  })

  it('checks the database, too, and creates none', async () => {
    await start({ mode: 'oss-new' })
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-doctor-'))
    const environment = { DATABASE_URL: `sqlite:${folder}/scim.db` }
    const before = await run(['doctor'], environment)
    expect([before.code, before.stdout]).toEqual([
      0,
      expect.stringMatching(/^warning +There is no d/m),
    ])
    expect(fs.readdirSync(folder)).toEqual([])
    await run(['migrate'], environment)
    const { code, stdout } = await run(['doctor'], environment)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok +It can be written to\.$/m)])
    fs.writeFileSync(`${folder}/scim.db`, 'x'.repeat(5_000))
    const broken = await run(['doctor'], environment)
    expect([broken.code, broken.stdout]).toEqual([
      1,
      expect.stringMatching(/^ERROR .*cannot be u/m),
    ])
    fs.rmSync(folder, { recursive: true })
  })

  it('says once that the token is refused', async () => {
    await start({ mode: 'oss-new' })
    const { code, stdout, stderr } = await run(['doctor'], { LABEL_STUDIO_TOKEN: 'a'.repeat(40) })
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^ERROR +Label Studio does not accept the token\./m)
  })

  it.each([
    [
      'LABEL_STUDIO_FIRST_SIGN_IN',
      'link',
      'LABEL_STUDIO_FIRST_SIGN_IN must be password or invite.',
    ],
    [
      'LABEL_STUDIO_FIRST_SIGN_IN',
      'password',
      'LABEL_STUDIO_FIRST_SIGN_IN=password needs the owner’s sign-in: LABEL_STUDIO_EMAIL and ' +
        'LABEL_STUDIO_PASSWORD.',
    ],
    [
      'LABEL_STUDIO_DEPROVISIONING',
      'admin',
      'LABEL_STUDIO_DEPROVISIONING=admin needs the owner’s sign-in: LABEL_STUDIO_EMAIL and ' +
        'LABEL_STUDIO_PASSWORD.',
    ],
  ])('names the variable that cannot be used: %s=%s', async (name, value, message) => {
    await start({ mode: 'oss-new' })
    const { code, stderr } = await run(['doctor'], { [name]: value })
    expect([code, stderr]).toEqual([1, `${message}\n`])
  })

  it('tells how people sign in first', async () => {
    await start({ mode: 'oss-new' })
    const { ownerEmail, ownerPassword } = fake
    const owner = { LABEL_STUDIO_EMAIL: ownerEmail, LABEL_STUDIO_PASSWORD: ownerPassword }
    const password = await run(['doctor'], owner)
    expect(password.stdout).toMatch(/^ok +New people get an account at once, with the password/m)
    const invite = await run(['doctor'], { ...owner, LABEL_STUDIO_FIRST_SIGN_IN: 'invite' })
    expect(invite.stdout).toMatch(/^ok +New people sign up with a link of their own/m)
  })

  it('refuses a strategy that there is not', async () => {
    await start({ mode: 'oss-new' })
    const { code, stderr } = await run(['doctor'], { LABEL_STUDIO_DEPROVISIONING: 'soft' })
    expect([code, stderr]).toEqual([
      1,
      'LABEL_STUDIO_DEPROVISIONING must be admin, gate, soft-delete or hard-delete.\n',
    ])
  })

  it('ends with an error when the token is refused, and does not print it', async () => {
    await start({ mode: 'oss-new' })
    const { code, stdout, stderr } = await run(['doctor'], { LABEL_STUDIO_TOKEN: 'wrong-token' })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ERROR +Label Studio does not accept the token/m)
    expect(stdout + stderr).not.toContain('wrong-token')
  })

  it('warns of two writers when Enterprise maps groups itself', async () => {
    await start({ mode: 'lse' })
    fake.state.scimSettings = mapping
    const { stdout } = await run(['doctor'])
    expect(stdout).toMatch(/own SCIM has 3 mapping rules: two systems/)
  })

  it('says what is missing', async () => {
    const missing = async (names: NodeJS.ProcessEnv) => {
      const { code, stderr } = await run(['doctor'], names)
      return [code, stderr]
    }
    const none = { LABEL_STUDIO_URL: '', LABEL_STUDIO_TOKEN: '' }
    expect(await missing(none)).toEqual([1, 'Set LABEL_STUDIO_URL and LABEL_STUDIO_TOKEN.\n'])
    const problem = 'LABEL_STUDIO_TOKEN is set: give the base URL as LABEL_STUDIO_URL.\n'
    expect(await missing({ ...none, LABEL_STUDIO_TOKEN: 'x' })).toEqual([1, problem])
  })
})

describe('label-studio-scim import-settings', () => {
  it('prints the mapping of Enterprise, or writes it to a file', async () => {
    await start({ mode: 'lse' })
    fake.state.scimSettings = mapping
    const printed = await run(['import-settings'])
    expect([printed.code, JSON.parse(printed.stdout)]).toEqual([0, mapping])
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'scim-cli-')), 'rules.json')
    await run(['import-settings', file])
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toEqual(mapping)
  })

  it('leaves out rules for seat types, and says so', async () => {
    await start({ mode: 'lse' })
    fake.state.scimSettings = { ...mapping, user_type_groups: [['flex', 'LS-Flex']] }
    const { stdout, stderr } = await run(['import-settings'])
    expect([JSON.parse(stdout), stderr]).toEqual([
      mapping,
      'WARNING: 1 rules for seat types are left out.\n',
    ])
  })

  it('saves it at a host’s settings API', async () => {
    await start({ mode: 'lse' })
    fake.state.scimSettings = mapping
    const received: unknown[] = []
    const host = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      received.push(request.headers.authorization, JSON.parse(Buffer.concat(chunks).toString()))
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(host, 'listening')
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/api/scim/settings`
    const { code } = await run(['import-settings', '--to', url], { ADMIN_TOKEN: 'admin-token' })
    host.close()
    expect([code, received]).toEqual([0, ['Bearer admin-token', mapping]])
  })

  it('says that Community has none', async () => {
    await start({ mode: 'oss-new' })
    const { code, stdout } = await run(['import-settings'])
    expect([code, stdout]).toEqual([
      1,
      'This Label Studio has no SCIM settings; only Enterprise has them.\n',
    ])
  })
})

describe('label-studio-scim reconcile', () => {
  it('gives everybody what the rules give, also beside a host, and says so', async () => {
    await start({ mode: 'lse' })
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-reconcile-'))
    const environment = { DATABASE_URL: `sqlite:${folder}/scim.db` }
    const storage = await sqlAdapters({ url: environment.DATABASE_URL })
    const adapters = labelStudioAdapters({ url: fake.url, token: fake.token, storage })
    const app = express().use(
      '/scim/v2',
      scimRouter(adapters, { authenticate: bearerTokens([{ name: 'idp', token: idpToken }]) }),
    )
    const created = await request(app)
      .post('/scim/v2/Users')
      .set({ 'Content-Type': 'application/scim+json', Authorization: `Bearer ${idpToken}` })
      .send({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'ada@example.com',
        active: true,
      })
    expect(created.status).toBe(201)
    await storage.close()
    const all = await run(['reconcile', '--json'], environment)
    expect([all.code, JSON.parse(all.stdout)]).toEqual([0, { pending: 0, failed: 0 }])
    const one = await run(['reconcile', created.body.id], environment)
    expect([one.code, one.stdout]).toEqual([0, 'All people have the access that the rules give.\n'])

    const host = await sqlAdapters({ url: environment.DATABASE_URL })
    const { signal } = new AbortController()
    const scope = { tenant: 'default', actor: 'host', requestId: 'r', signal }
    // It made no rules, so it closed nothing to anybody.
    expect((await host.access.rules(scope)).version).toBe('0')
    await host.access.mark(scope, [created.body.id])
    const claimed = await host.access.claim({ owner: 'host', limit: 1, leaseMs: 2_500 })
    expect(claimed).toHaveLength(1)
    const beside = await run(['reconcile', '--json'], environment)
    expect([beside.code, JSON.parse(beside.stdout)]).toEqual([0, { pending: 0, failed: 0 }])
    await host.close()

    await fake.stop()
    const down = await run(['reconcile'], environment)
    const left = 'Left to do: 1 person will be tried again by a running host. Last failure: '
    expect([down.code, down.stdout.slice(0, left.length)]).toEqual([1, left])
    fs.rmSync(folder, { recursive: true })
  }, 60_000)
})

it('refuses another word for the scripts of pages', async () => {
  const { code, stderr } = await runCommand(['serve'], { LABEL_STUDIO_SCRIPTS: 'all' })
  expect([code, stderr]).toEqual([1, 'LABEL_STUDIO_SCRIPTS must be own or any.\n'])
})
