import { type ServiceProvider, searchUrn, serve, userUrn } from './server.js'

const urn = 'urn:example:params:scim:schemas:extension:Returned:2.0:User'
const schema = {
  id: urn,
  name: 'Returned',
  attributes: [
    { name: 'plain' },
    { name: 'secret', returned: 'request' as const },
    {
      name: 'place',
      type: 'complex' as const,
      subAttributes: [
        { name: 'room' },
        { name: 'hid', returned: 'request' as const },
        { name: 'al', returned: 'always' as const },
      ],
    },
  ],
}
const values = { plain: 'p', secret: 's', place: { room: 'r', hid: 'h', al: 'a' } }

async function start() {
  const scim = await serve(undefined, { schemas: [schema], userExtensions: [{ schema: urn }] })
  const { id } = await scim.user('ines', { schemas: [userUrn, urn], [urn]: values })
  return { scim, path: `/Users/${id}` }
}

/** What is shown of the extension on each way to ask. */
async function shownBy(scim: ServiceProvider, path: string, parameters: Record<string, string>) {
  const query = new URLSearchParams(parameters)
  const search = { schemas: [searchUrn], ...parameters }
  const bodies = [
    (await scim.get(`${path}?${query}`)).body,
    (await scim.get(`/Users?${query}`)).body.Resources[0],
    (await scim.post('/Users/.search', search)).body.Resources[0],
  ]
  return bodies.map((body) => body[urn])
}

const thrice = (value: unknown) => [value, value, value]

describe('attributes with a whole and parts of it', () => {
  const { secret: _, ...rest } = values
  const { hid: _hid, ...place } = values.place

  it.each([
    ['', { plain: 'p', place }],
    [':secret', { ...rest, secret: 's', place }],
    [':place.hid', rest],
    [':place', { plain: 'p', place }],
  ])('show the extension with its part %j', async (part, expected) => {
    const { scim, path } = await start()
    for (const attributes of [`${urn},${urn}${part}`, `${urn}${part},${urn}`]) {
      expect(await shownBy(scim, path, { attributes })).toEqual(thrice(expected))
    }
  })

  it('show a complex attribute with its part', async () => {
    const { scim, path } = await start()
    for (const attributes of [`${urn}:place,${urn}:place.hid`, `${urn}:place.hid,${urn}:place`]) {
      expect(await shownBy(scim, path, { attributes })).toEqual(thrice({ place: values.place }))
    }
  })
})

it.each(['', ':place', ':place.al', ':place.room,URN:place.al', ':plain,URN:place'])(
  'excludedAttributes does not remove a part that is always returned: %j',
  async (text) => {
    const { scim, path } = await start()
    const excludedAttributes = `${urn}${text.replaceAll('URN', urn)}`
    const shown = await shownBy(scim, path, { excludedAttributes })
    for (const each of shown) expect(each.place.al).toBe('a')
    if (text.endsWith(':place')) {
      for (const each of shown) expect(each.place).toEqual({ al: 'a' })
    }
  },
)

/** The ways to write one attribute that is returned on request, by the member that is given. */
const writings: Readonly<Record<string, object>> = {
  'its path': { op: 'replace', path: `${urn}:secret`, value: 'x' },
  'its path in another case': { op: 'add', path: `${urn}:SECRET`.toUpperCase(), value: 'x' },
  'its name alone': { op: 'replace', path: 'secret', value: 'x' },
  'its path with a dot': { op: 'replace', path: `${urn}.secret`, value: 'x' },
  'the path of the extension': { op: 'replace', path: urn, value: { secret: 'x' } },
  'an array of one': { op: 'add', path: urn, value: [{ SECRET: 'x' }] },
  'the extension as text': { op: 'add', path: urn, value: JSON.stringify({ secret: 'x' }) },
  'a value without a path': { op: 'replace', value: { [urn]: { secret: 'x' } } },
  'a key in another case': { op: 'add', value: { [urn.toUpperCase()]: { Secret: 'x' } } },
  'a whole key': { op: 'add', value: { [`${urn}:secret`]: 'x' } },
  'a key without the URN': { op: 'add', value: { secret: 'x' } },
  'an empty path': { op: 'add', path: '', value: { secret: 'x' } },
  'members in another case': { Op: 'replace', Path: `${urn}:secret`, VALUE: 'x' },
  'a value in another case': { OP: 'replace', VALUE: { [urn]: { secret: 'x' } } },
}

describe('an attribute that is returned on request', () => {
  it.each(Object.entries(writings))('is in the answer to a PATCH by %s', async (_, operation) => {
    const { scim, path } = await start()
    const { status, body } = await scim.patch(path, [operation])
    expect([status, body[urn].secret]).toEqual([200, 'x'])
    const { body: asked } = await scim.get(`${path}?attributes=${urn}:secret`)
    expect(asked[urn].secret).toBe('x')
    expect((await scim.get(path)).body[urn]).not.toHaveProperty('secret')
    const other = { op: 'replace', path: 'title', value: 't' }
    expect((await scim.patch(path, [other])).body[urn]).not.toHaveProperty('secret')
  })

  it.each(['place', `${urn}.place`, `${urn}:place.hid`, `${urn}:place[room eq "r"].hid`])(
    'is in the answer to a PATCH of its attribute %s',
    async (name) => {
      const { scim, path } = await start()
      const value = name.endsWith('hid') ? 'x' : { hid: 'x' }
      const { status, body } = await scim.patch(path, [{ op: 'replace', path: name, value }])
      expect([status, body[urn].place.hid]).toEqual([200, 'x'])
    },
  )

  it.each([
    { [urn]: { secret: 'x' } },
    { [urn.toUpperCase()]: { SECRET: 'x' } },
    { [`${urn}:secret`]: 'x' },
    { [`${urn}.secret`]: 'x' },
    { secret: 'x' },
    { [urn]: JSON.stringify({ secret: 'x' }) },
  ])('is in the answer to a POST and a PUT of %j', async (attributes) => {
    const { scim, path } = await start()
    const sent = { schemas: [userUrn, urn], userName: 'new', ...attributes }
    for (const { body } of [
      await scim.post('/Users', sent),
      await scim.put(path, { ...sent, userName: 'ines' }),
    ]) {
      expect(body[urn].secret).toBe('x')
    }
  })
})

it('names attributes in the log of refused requests as they would be carried out', async () => {
  const { scim, path } = await start()
  for (const operation of Object.values(writings)) {
    const { length } = scim.events
    await scim.patch(path, [operation, { op: 'replace', path: 'active', value: 'no' }])
    const [event] = scim.events.slice(length)
    expect(event).toMatchObject({
      event: 'request.refused',
      attributes: [`${urn}:secret`, 'active'],
    })
  }
})
