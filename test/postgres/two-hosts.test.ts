import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { digestToken } from '../../lib/index.js'
import { type TestDatabase, untouchedDatabase } from '../support/test-database.js'

const root = path.join(__dirname, '../..')
const token = 'token-of-the-identity-provider'
const started: ChildProcess[] = []
let database: TestDatabase

beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['scripts/build.js', '--programs'], { cwd: root })
  database = await untouchedDatabase()
})
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await database.drop()
})

/** Starts examples/postgres; resolves with its base URL. */
async function startHost(): Promise<string> {
  const child = spawn(process.execPath, [path.join(root, 'build/examples/postgres/main.js')], {
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      SCIM_TOKEN_DIGEST: digestToken(token),
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return `http://127.0.0.1:${/"port":(\d+)/.exec(String(line))?.[1]}/scim/v2`
}

async function send(base: string, method: string, route: string, body?: unknown) {
  const response = await fetch(`${base}${route}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as { readonly id: string } }
}

it('serves the same people from two hosts of examples/postgres, and ends both', async () => {
  const [one, other] = await Promise.all([startHost(), startHost()])
  const made = await send(one, 'POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'ada@example.com',
  })
  expect(made.status).toBe(201)
  const ended = await send(other, 'PATCH', `/Users/${made.body.id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  })
  expect(ended.status).toBe(200)
  const seen = await send(one, 'GET', `/Users/${made.body.id}`)
  expect(seen.body).toMatchObject({ active: false })
  const codes = started.map((child) => {
    child.kill('SIGTERM')
    return once(child, 'exit')
  })
  expect((await Promise.all(codes)).map(([code]) => code)).toEqual([0, 0])
})
