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
