import { memoryAdapters } from '../../adapters/memory/index.js'
import { errorUrn, serve } from './server.js'

describe('/Me', () => {
  it('is the user of the credentials, at its own location (R-ME-03, R-ME-04, UC-03)', async () => {
    const scim = await serve()
    const [ines, noor] = [await scim.user('ines'), await scim.user('noor')]
    const { status, body, headers } = await scim.get(`/Me?id=${noor.id}&attributes=userName`, {
      as: `acme/${ines.id}`,
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: ines.id, userName: 'ines' })
    expect(headers.get('location')).toBe(ines.meta.location)
  })

  it('is nobody for machine tokens, and for users of another tenant (R-ME-04)', async () => {
    const scim = await serve()
    const foreign = await scim.user('ines', {}, { as: 'other' })
    expect((await scim.get('/Me')).status).toBe(404)
    expect((await scim.get('/Me', { as: `acme/${foreign.id}` })).status).toBe(404)
    expect((await scim.patch('/Me', [{ op: 'add', path: 'nickName', value: 'x' }])).status).toBe(
      404,
    )
  })

  it('lets people change some of their attributes, and of these only (R-ME-05)', async () => {
    const scim = await serve()
    const user = await scim.user('ines', { title: 'Lead' })
    const as = `acme/${user.id}`
    const allowed = await scim.patch('/Me', [{ op: 'add', path: 'nickName', value: 'I' }], { as })
    expect(allowed.body.nickName).toBe('I')
    for (const value of [
      { active: false },
      { userName: 'x' },
      { title: 'CEO' },
      { roles: [{ value: 'r' }] },
    ]) {
      const { status, body } = await scim.patch('/Me', [{ op: 'replace', value }], { as })
      expect([status, body.status]).toEqual([403, '403'])
    }
    const put = await scim.put('/Me', { ...allowed.body, nickName: 'II' }, { as })
    expect(put.body.nickName).toBe('II')
    const cleared = await scim.put('/Me', { ...allowed.body, title: null }, { as })
    expect(cleared.status).toBe(403)
    expect((await scim.get(`/Users/${user.id}`)).body).toMatchObject({
      title: 'Lead',
      active: true,
    })
  })

  it('cannot be deleted or created (R-ME-05)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const as = `acme/${user.id}`
    expect((await scim.delete('/Me', { as })).status).toBe(405)
    expect((await scim.post('/Me', user, { as })).status).toBe(405)
  })

  it('answers 501 to every method where it is switched off (R-ME-01, R-HTTP-09)', async () => {
    const scim = await serve(memoryAdapters(), { features: { me: false } })
    for (const answer of [
      await scim.get('/Me'),
      await scim.post('/Me', {}),
      await scim.put('/Me', {}),
      await scim.patch('/Me', []),
      await scim.delete('/Me'),
    ]) {
      expect(answer.status).toBe(501)
      expect(answer.body).toMatchObject({ schemas: [errorUrn], status: '501' })
    }
  })
})
