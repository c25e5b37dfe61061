import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { bearerTokens, createReconciler, scimRouter } from '../../lib/index.js'
import { mappingPolicy, resolveAccess } from '../../lib/mapping/index.js'
import type { OrganizationRole } from '../../lib/mapping/types.js'

const token = 'token-of-the-identity-provider'
const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const roles_users = [
  ['Reviewer', 'LS.Reviewer'],
  ['Manager', 'LS.Manager'],
] as const

function resolved(groups: readonly string[], values: readonly string[]) {
  const rules = { roles_groups: [['Annotator', 'Crew']] as const }
  return resolveAccess(
    { ...rules, workspaces_groups: [], projects_groups: [] },
    groups.map((displayName) => ({ id: displayName, displayName })),
    mappingPolicy({ roles_users }),
    { active: true, hadRole: true, values },
  )
}

describe('roles of users beside those of groups', () => {
  it.each([
    [[], ['LS.Reviewer'], 'Reviewer'],
    [['Crew'], ['LS.Reviewer'], 'Reviewer'],
    [['Crew'], [], 'Annotator'],
    [['Crew'], ['LS.Reviewer', 'LS.Manager'], 'Manager'],
    [['Crew'], ['ls.reviewer', 'Administrator'], 'Annotator'],
    [[], ['constructor'], 'Deactivated'],
  ] as [string[], string[], OrganizationRole][])('of %j and %j the highest wins: %s', (...row) => {
    const [groups, values, role] = row
    expect(resolved(groups, values).role).toBe(role)
  })

  it('are reasons like others, and say when they are outranked', () => {
    const { reasons } = resolved(['Crew'], ['LS.Reviewer'])
    expect(reasons).toMatchObject([
      { rule: 'roles_groups[0]', group: 'Crew', outranked: true },
      { rule: 'roles_users[0]', group: 'LS.Reviewer', groupId: '', outranked: false },
    ])
  })

  it.each([
    [[['Owner', 'x']]],
    [[['Deactivated', 'x']]],
    [[['Reviewer', ' ']]],
    [[['Reviewer']]],
    ['Reviewer'],
  ])('refuse %j', (wrong) => {
    expect(() => mappingPolicy({ roles_users: wrong as never })).toThrow(/roles_users/)
  })
})

describe('a person whose roles the identity provider sends', () => {
  async function start(
    policy: Parameters<typeof mappingPolicy>[0],
    roles: readonly object[] = [{ value: 'LS.Manager' }],
  ) {
    const ended: string[] = []
    const given: (string | null)[] = []
    const adapters = memoryAdapters({
      policy: policy ?? {},
      target: {
        async deprovision(_scope, { userName }) {
          ended.push(userName)
        },
        async applyAccess(_scope, _user, access, plan) {
          given.push(access.role)
          return { applied: plan.grants }
        },
      },
    })
    const authenticate = bearerTokens([{ name: 'idp', token }])
    const app = express().use('/scim/v2', scimRouter(adapters, { authenticate }))
    const send = (method: 'post' | 'patch', path: string, body: object) =>
      request(app)
        [method](`/scim/v2${path}`)
        .set({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' })
        .send(body)
    const person = { schemas: [userSchema], userName: 'ada', roles }
    const { body } = await send('post', '/Users', person)
    const remove = (...others: readonly object[]) =>
      send('patch', `/Users/${body.id}`, {
        schemas: [patchOp],
        Operations: [{ op: 'remove', path: 'roles[value eq "LS.Manager"]' }, ...others],
      })
    return { body, ended, given, remove, send, drain: () => createReconciler(adapters).drain() }
  }

  it('gets the role, and is out before the answer when it is taken, also when sent again', async () => {
    const { ended, given, remove, drain } = await start({ roles_users })
    await drain()
    expect(given).toEqual(['Manager'])
    expect((await remove()).status).toBe(200)
    expect(ended).toEqual(['ada'])
    expect((await remove()).status).toBeLessThan(500)
  })

  it('is out also when the same request asks for a name that is taken', async () => {
    const { ended, remove, send } = await start({ roles_users })
    await send('post', '/Users', { schemas: [userSchema], userName: 'bob' })
    const rename = { op: 'replace', path: 'userName', value: 'bob' }
    expect((await remove(rename)).status).toBe(409)
    expect(ended).toEqual(['ada'])
    const again = await remove()
    expect([again.status, again.body.userName, again.body.roles]).toEqual([200, 'ada', undefined])
  })

  const appRole = JSON.stringify({ id: '827f0d2e', value: 'LS.Manager', displayName: 'Manager' })
  it.each([
    ['a new list', { op: 'replace', path: 'roles', value: [{ value: 'User', primary: false }] }],
    ['a list to remove', { op: 'Remove', path: 'roles', value: [{ value: appRole }] }],
    ['the text in a filter', { op: 'Remove', path: `roles[value eq ${JSON.stringify(appRole)}]` }],
  ])('gets an app role that Entra ID adds as JSON text, and loses it by %s', async (_, loss) => {
    const { body, ended, given, send, drain } = await start({ roles_users }, [])
    const change = (operation: object) =>
      send('patch', `/Users/${body.id}`, { schemas: [patchOp], Operations: [operation] })
    const added = await change({ op: 'Add', path: 'roles', value: [{ value: appRole }] })
    expect([added.status, added.body.roles]).toEqual([200, [{ value: 'LS.Manager' }]])
    await drain()
    expect(given).toEqual(['Manager'])
    expect((await change(loss)).status).toBe(200)
    expect(ended).toEqual(['ada'])
  })

  it('is out as well when no reconciler had come to them yet', async () => {
    const { ended, remove } = await start({ roles_users })
    expect((await remove()).status).toBe(200)
    expect(ended).toEqual(['ada'])
  })

  it('keeps the role when too many lose it at once and the host refuses that', async () => {
    const adapters = memoryAdapters({ policy: { roles_users } })
    const authenticate = bearerTokens([{ name: 'idp', token }])
    const brake = { onMassLoss: 'refuse', massLossShare: 0.5, massLossLeast: 2 } as const
    const app = express().use('/scim/v2', scimRouter(adapters, { authenticate, ...brake }))
    const send = (method: 'post' | 'patch', path: string, body: object) =>
      request(app)
        [method](`/scim/v2${path}`)
        .set({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' })
        .send(body)
    const ids: string[] = []
    for (const userName of ['ada', 'ben', 'cid', 'dot']) {
      const person = { schemas: [userSchema], userName, roles: [{ value: 'LS.Manager' }] }
      ids.push((await send('post', '/Users', person)).body.id)
    }
    const statuses: number[] = []
    for (const id of ids) {
      const Operations = [{ op: 'remove', path: 'roles' }]
      statuses.push(
        (await send('patch', `/Users/${id}`, { schemas: [patchOp], Operations })).status,
      )
    }
    expect(statuses).toEqual([200, 200, 503, 503])
  })

  it('gets and loses nothing where the host does not say that roles of users count', async () => {
    const { ended, given, remove, drain } = await start({})
    await drain()
    expect(given).toEqual([null])
    await remove()
    await drain()
    expect(ended).toEqual([])
  })
})
