import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { unauthorized } from '../../lib/index.js'
import { altered, watched } from '../protocol/adapters.js'
import { enterpriseUrn, searchUrn, serve, userUrn } from '../protocol/server.js'

const canary = 'canary-9d1e'

describe('a password', () => {
  it('is in no file of the database, whatever happens to it (R-SEC-05, R-USER-12, S-LEAK-01)', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-password-'))
    const adapters = await sqlAdapters({ url: `sqlite:${path.join(folder, 'scim.db')}` })
    const given: string[] = []
    const setPassword = async (_scope: unknown, _user: unknown, password: string) => {
      given.push(password)
    }
    try {
      const scim = await serve({ ...adapters, users: { ...adapters.users, setPassword } })
      const { id } = await scim.user('ines', { password: canary, title: 'kept-in-the-database' })
      await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'password', value: `${canary}-2` }])
      await scim.put(`/Users/${id}`, { schemas: [userUrn], userName: 'ines', password: canary })
      await scim.post('/Users', { schemas: [userUrn], userName: 'ines', password: canary })
      await scim.patch(`/Users/${id}`, [{ op: 'add', path: 'password', value: [canary] }])
    } finally {
      await adapters.close()
    }
    const bytes = fs
      .readdirSync(folder)
      .map((name) => fs.readFileSync(path.join(folder, name), 'latin1'))
    fs.rmSync(folder, { recursive: true })
    expect(given).toEqual(expect.arrayContaining([canary, `${canary}-2`]))
    expect(bytes.join('')).toContain('kept-in-the-database')
    expect(bytes.join('')).not.toContain(canary)
  })

  it.each([
    'password eq "canary-9d1e"',
    'password eq "wrong"',
    'password ne "wrong"',
    'password sw "canary"',
    'password pr',
    'not (password pr)',
    'userName eq "ines" and password sw "c"',
    `${userUrn}:password pr`,
    'PASSWORD eq "x"',
  ])(
    'cannot be guessed by the filter %s: refused whether it fits or not (R-USER-13, R-FILTER-37, S-LEAK-02)',
    async (filter) => {
      const adapters = altered({ users: { setPassword: async () => {} } })
      const scim = await serve(adapters)
      await scim.user('ines', { password: canary })
      const answers = [
        await scim.get(`/Users?filter=${encodeURIComponent(filter)}`),
        await scim.get(`/Users?count=0&filter=${encodeURIComponent(filter)}`),
        await scim.post('/Users/.search', { schemas: [searchUrn], filter }),
      ]
      for (const { status, body } of answers) {
        expect({ status, scimType: body.scimType }).toEqual({
          status: 400,
          scimType: 'invalidFilter',
        })
        expect(body.detail).not.toContain(canary)
      }
    },
  )

  it('is not handed to the host by a request that takes the userName of another (R-PATCH-13, S-ATO-03, S-INT-04)', async () => {
    const given: string[] = []
    const setPassword = async (_scope: unknown, { userName }: { userName: string }) => {
      given.push(userName)
    }
    const scim = await serve(altered({ users: { setPassword } }))
    await scim.user('taken')
    const { id } = await scim.user('ines')
    const body = { schemas: [userUrn], userName: 'Taken', password: canary }
    const answers = [
      await scim.post('/Users', body),
      await scim.put(`/Users/${id}`, body),
      await scim.patch(`/Users/${id}`, [{ op: 'replace', value: body }]),
    ]
    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409])
    expect(given).toEqual([])
    expect((await scim.put(`/Users/${id}`, { ...body, userName: 'INES' })).status).toBe(200)
    expect(given).toEqual(['INES'])
  })

  it('cannot be guessed by sorting or be named in a projection (R-SORT-09, R-PROJ-05, S-LEAK-02)', async () => {
    const scim = await serve(altered({ users: { setPassword: async () => {} } }))
    const { id } = await scim.user('ines', { password: canary })
    expect((await scim.get('/Users?sortBy=password')).status).toBe(400)
    const { body } = await scim.get(`/Users/${id}?attributes=password,userName`)
    expect(body).toEqual({ schemas: [userUrn], id, userName: 'ines' })
  })
})

describe('what no schema knows', () => {
  it('never reaches a store, at any depth (R-SEC-09, S-INP-03)', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters)
    const unknown = {
      isAdmin: true,
      is_superuser: true,
      role: canary,
      organization_id: canary,
      tenant: canary,
      password_hash: canary,
    }
    const { id } = await scim.user('ines', {
      ...unknown,
      schemas: [userUrn, enterpriseUrn],
      name: { givenName: 'Ines', ...unknown },
      emails: [{ value: 'ines@acme.example', ...unknown }],
      [enterpriseUrn]: { department: 'D', ...unknown },
    })
    await scim.put(`/Users/${id}`, { schemas: [userUrn], userName: 'ines', ...unknown })
    await scim.patch(`/Users/${id}`, [{ op: 'add', value: { title: 'Lead', ...unknown } }])
    const given = adapters.calls
      .filter(({ name }) => /\.(create|replace)$/.test(name))
      .map(({ args }) => JSON.stringify(args[1]))
    expect(given).toHaveLength(3)
    for (const text of given) expect(text).not.toMatch(/canary|isAdmin|is_superuser/)
  })
})

describe('a cursor', () => {
  it('is of no use to credentials that may not read any more, or are gone (R-CUR-14, R-CUR-13, R-SEC-07)', async () => {
    let scopes: readonly string[] | undefined = ['scim:read', 'scim:write']
    const scim = await serve(memoryAdapters(), {
      authenticate: () => {
        if (scopes === undefined) throw unauthorized('The token is gone.', 'invalid_token')
        return { tenant: 'acme', name: 'idp', scopes }
      },
    })
    for (const name of ['a', 'b', 'c']) await scim.user(name)
    const { body } = await scim.get('/Users?count=1&cursor')
    const next = `/Users?count=1&cursor=${body.nextCursor}`
    scopes = ['scim:write']
    expect((await scim.get(next)).status).toBe(403)
    scopes = undefined
    expect((await scim.get(next)).status).toBe(401)
    scopes = ['scim:read']
    expect((await scim.get(next)).body.Resources[0].userName).toBe('b')
  })
})

describe('a request that is sent again after its answer was lost', () => {
  it('ends in the same state (S-INT-09)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const group = await scim.group('Crew')
    const put = { schemas: [userUrn], userName: 'ines', title: 'Lead' }
    const twice = async (send: () => Promise<unknown>) => {
      await send()
      const once = [await scim.get('/Users'), await scim.get('/Groups')].map(({ body }) => body)
      await send()
      const again = [await scim.get('/Users'), await scim.get('/Groups')].map(({ body }) => body)
      expect(again).toEqual(once)
    }
    await twice(() => scim.put(`/Users/${user.id}`, put))
    await twice(() =>
      scim.patch(`/Users/${user.id}`, [
        { op: 'add', path: 'emails', value: [{ value: 'i@acme.example' }] },
      ]),
    )
    await twice(() =>
      scim.patch(`/Groups/${group.id}`, [
        { op: 'add', path: 'members', value: [{ value: user.id }] },
      ]),
    )
    await twice(() =>
      scim.patch(`/Groups/${group.id}`, [{ op: 'remove', path: `members[value eq "${user.id}"]` }]),
    )
    await twice(() =>
      scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }]),
    )
    await twice(() => scim.post('/Users', { schemas: [userUrn], userName: 'noor' }))
    await twice(() => scim.delete(`/Users/${user.id}`))
  })
})
