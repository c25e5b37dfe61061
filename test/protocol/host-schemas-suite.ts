import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { ResourceType, SchemaInput } from '../../lib/schema/types.js'
import type { Adapters } from '../../lib/stores/adapters.js'
import type { Page, Query } from '../../lib/stores/query.js'
import type { Resource } from '../../lib/stores/resource.js'
import { type Answer, type ServiceProvider, serve, userUrn } from './server.js'

const deviceUrn = 'urn:example:params:scim:schemas:Device'
const badgeUrn = 'urn:example:params:scim:schemas:extension:Badge'

const hidden: SchemaInput['attributes'] = [
  { name: 'pin', mutability: 'writeOnly', caseExact: true },
  { name: 'code', returned: 'never', uniqueness: 'server' },
  { name: 'colour' },
]
const hostSchemas = {
  schemas: [
    { id: deviceUrn, name: 'Device', attributes: [{ name: 'serial', required: true }, ...hidden] },
    { id: badgeUrn, name: 'Badge', attributes: hidden },
  ],
  resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: deviceUrn }],
  userExtensions: [{ schema: badgeUrn }],
}

const scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}

/** A resource with hidden attributes: where it is, what it needs besides, how they are named. */
interface Place {
  readonly path: string
  readonly base: (name: string) => object
  readonly body: (attributes: object) => object
  readonly prefix: string
  readonly stored: (adapters: Adapters) => Promise<Page<Resource>> | undefined
}

const all: Query = { page: { kind: 'index', offset: 0, limit: 9 }, omit: new Set() }
const deviceType = compileResourceTypes(hostSchemas).byName.get('Device') as ResourceType

const places: Readonly<Record<string, Place>> = {
  'a resource type': {
    path: '/Devices',
    base: (serial) => ({ schemas: [deviceUrn], serial }),
    body: (attributes) => attributes,
    prefix: '',
    stored: ({ resourceStore }) => resourceStore?.(deviceType).query(scope, all),
  },
  'an extension of User': {
    path: '/Users',
    base: (userName) => ({ schemas: [userUrn, badgeUrn], userName }),
    body: (attributes) => ({ [badgeUrn]: attributes }),
    prefix: `${badgeUrn}:`,
    stored: ({ users }) => users.query(scope, all),
  },
}

/** What a host's own schemas promise, on any store. */
export function hostSchemasSuite(make: () => Adapters | Promise<Adapters>): void {
  describe.each(Object.entries(places))('attributes of %s that are never returned', (_, place) => {
    const { path, base, body, prefix } = place
    const start = async () => {
      const scim = await serve(await make(), hostSchemas)
      const kept = async () => {
        const page = await place.stored(scim.adapters)
        const [resource] = page?.resources ?? []
        return prefix === '' ? resource : resource?.[badgeUrn]
      }
      return { scim, kept }
    }
    const create = async (scim: ServiceProvider, name: string) => {
      const sent = { ...base(name), ...body({ pin: '1234', code: 'X1', colour: 'red' }) }
      const answer: Answer = await scim.post(path, sent)
      expect(answer.status).toBe(201)
      return answer.body
    }

    it('are kept for the host and shown to nobody (A9)', async () => {
      const { scim, kept } = await start()
      const created = await create(scim, 'one')
      expect(await kept()).toMatchObject({ pin: '1234', code: 'X1', colour: 'red' })
      const answers = [
        created,
        (await scim.get(`${path}/${created.id}`)).body,
        (await scim.get(`${path}/${created.id}?attributes=${prefix}pin,${prefix}code`)).body,
        (await scim.get(path)).body,
      ]
      for (const answer of answers) expect(JSON.stringify(answer)).not.toMatch(/1234|X1/)
      const filter = encodeURIComponent(`${prefix}pin eq "1234"`)
      expect((await scim.get(`${path}?filter=${filter}`)).status).toBe(400)
      expect(JSON.stringify(scim.events)).not.toMatch(/1234|X1/)
    })

    it('stay when a PUT, which cannot echo them, leaves them out, and change when it gives them (A9)', async () => {
      const { scim, kept } = await start()
      const created = await create(scim, 'one')
      const { body: read } = await scim.get(`${path}/${created.id}`)
      const same = await scim.put(`${path}/${created.id}`, read)
      expect(same.body.meta).toEqual(read.meta)
      await scim.put(`${path}/${created.id}`, base('one'))
      expect(await kept()).toEqual(expect.objectContaining({ pin: '1234', code: 'X1' }))
      expect(await kept()).not.toHaveProperty('colour')
      await scim.put(`${path}/${created.id}`, { ...base('one'), ...body({ pin: '5678' }) })
      expect(await kept()).toMatchObject({ pin: '5678', code: 'X1' })
    })

    it('are changed and removed by PATCH, with a path and without (A9)', async () => {
      const { scim, kept } = await start()
      const { id, meta } = await create(scim, 'one')
      const pin = `${prefix}pin`
      const changed = await scim.patch(`${path}/${id}`, [{ op: 'replace', path: pin, value: '9' }])
      expect(changed.status).toBe(200)
      expect(changed.body.meta.version).not.toBe(meta.version)
      expect(await kept()).toMatchObject({ pin: '9', code: 'X1' })
      await scim.patch(`${path}/${id}`, [{ op: 'add', value: body({ pin: '10' }) }])
      expect(await kept()).toMatchObject({ pin: '10' })
      await scim.patch(`${path}/${id}`, [{ op: 'remove', path: pin }])
      expect(await kept()).not.toHaveProperty('pin')
    })

    it('are unique where the schema says so (A9)', async () => {
      const { scim } = await start()
      await create(scim, 'one')
      const twin = await scim.post(path, { ...base('two'), ...body({ code: 'x1' }) })
      expect([twin.status, twin.body.scimType]).toEqual([409, 'uniqueness'])
    })
  })
}
